"""Claims as a type of the application's own, with the libraries that make them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, cast

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, access_token
from asgi_jwks.testing import MockIssuer

if TYPE_CHECKING:
    import msgspec
    import pydantic
else:
    msgspec = pytest.importorskip("msgspec", reason="msgspec is in the group `frameworks`")
    pydantic = pytest.importorskip("pydantic", reason="pydantic is in the group `frameworks`")


class AsTypedDict(TypedDict):
    user_id: int
    aud: list[str]


@dataclass(frozen=True, slots=True)
class AsDataclass:
    user_id: int
    aud: list[str]


class AsModel(pydantic.BaseModel):
    user_id: int
    aud: list[str]


class AsStruct(msgspec.Struct):
    user_id: int
    aud: list[str]


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "TypedDict": lambda claims: cast("AsTypedDict", claims),
    "dataclass": lambda claims: AsDataclass(claims["user_id"], claims["aud"]),
    "pydantic": lambda claims: AsModel.model_validate(claims).model_dump(),
    "msgspec": partial(msgspec.convert, type=AsStruct),
}


def client(issuer: MockIssuer, convert: Callable[[Any], Any]) -> TestClient:
    async def endpoint(request: Request) -> JSONResponse:
        claims = access_token(request, convert).claims
        plain = claims if isinstance(claims, dict) else msgspec.to_builtins(claims)
        return JSONResponse([plain["user_id"], list(plain["aud"])])

    app = Starlette(routes=[Route("/", endpoint)])
    app.add_middleware(
        JWTBearerMiddleware,
        issuer=issuer.issuer,
        audience=issuer.audience,
        http_client=issuer.http_client(),
    )
    return TestClient(app)


@pytest.fixture(scope="module")
def issuer() -> MockIssuer:
    return MockIssuer()


@pytest.mark.parametrize("name", CONVERTERS)
def test_verified_claims_become_a_type_of_one_s_own(name: str, issuer: MockIssuer) -> None:
    token = issuer.access_token(user_id=7, audience=[str(issuer.audience)])
    headers = {"Authorization": f"Bearer {token}"}
    response = client(issuer, CONVERTERS[name]).get("/", headers=headers)
    assert response.json() == [7, [issuer.audience]]


@pytest.mark.parametrize("name", [name for name in CONVERTERS if name != "TypedDict"])
def test_claims_that_do_not_fit_are_the_application_s_fault(name: str, issuer: MockIssuer) -> None:
    """B9: the exception is the converter's own; the token is valid, so this is no 401."""
    headers = {"Authorization": f"Bearer {issuer.access_token()}"}
    with pytest.raises((KeyError, pydantic.ValidationError, msgspec.ValidationError)):
        client(issuer, CONVERTERS[name]).get("/", headers=headers)
