"""Trees of FastAPI's routers: one declaration is the check, the challenge, the document, metadata.

What a route needs is summed up here by hand: the scopes at each level above it, and its own.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Security
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.support.examples import examples

from asgi_jwks import AccessToken, StaticJWKSet, TrustedIssuer
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer

ISSUER = MockIssuer()
TRUSTED = TrustedIssuer(
    issuer=ISSUER.issuer, audience=ISSUER.audience, keys=StaticJWKSet(ISSUER.jwk_set())
)
RESOURCE = "https://testserver"
METADATA = "/.well-known/oauth-protected-resource"

scopes = st.lists(st.sampled_from("abcdef"), unique=True, max_size=2)
# How scopes are attached, and which.
attached = st.tuples(st.sampled_from(["security", "requires", "nested"]), scopes)
routes = st.lists(attached, min_size=1, max_size=2)
trees = st.recursive(
    st.fixed_dictionaries({"at": st.none() | attached, "routes": routes, "below": st.just([])}),
    lambda below: st.fixed_dictionaries(
        {"at": st.none() | attached, "routes": routes, "below": st.lists(below, max_size=2)}
    ),
    max_leaves=3,
)


Needs = dict[str, set[str]]


def dependency(bearer: JWTBearer, how: str, names: list[str]) -> Any:
    if how == "requires" and names:
        return Depends(bearer.requires(*names))
    if how == "nested":

        async def inner(token: Annotated[AccessToken, Security(bearer, scopes=names[1:])]) -> None:
            assert token.subject

        # The scopes of the outer one are those of all below it.
        return Security(inner, scopes=names[:1])
    return Security(bearer, scopes=names)


def build(
    bearer: JWTBearer,
    router: Any,
    tree: Any,
    path: str,
    above: set[str],
    found: dict[str, set[str]],
) -> None:
    """Add the routes of a tree to a router, and the needs of each to `found`."""
    for number, (how, names) in enumerate(tree["routes"]):

        async def endpoint() -> str:
            return "x"

        router.get(f"/{number}", dependencies=[dependency(bearer, how, names)])(endpoint)
        found[f"{path}/{number}"] = {*above, *names}
    for number, below in enumerate(tree["below"]):
        inner = APIRouter(prefix=f"/r{number}")
        how, names = below["at"] or ("", [])
        build(bearer, inner, below, f"{path}/r{number}", {*above, *names}, found)
        given_here = [dependency(bearer, how, names)] if below["at"] else []
        router.include_router(inner, dependencies=given_here)


def named(answer: Any) -> list[str]:
    return sorted(answer.headers["www-authenticate"].partition(' scope="')[2].rstrip('"').split())


@examples(12)
@given(trees)
def test_check_challenge_document_and_metadata_are_one(tree: Any) -> None:
    """K4, K6, K9: whatever level declares a scope, and in whichever way."""
    bearer = JWTBearer(TRUSTED, resource=RESOURCE)
    app = FastAPI()
    found: Needs = {}
    build(bearer, app, tree, "", set(), found)
    bearer.attach(app)
    document = app.openapi()["paths"]
    client = TestClient(app, base_url=RESOURCE)
    every = sorted(set().union(*found.values()))
    assert sorted(client.get(METADATA).json().get("scopes_supported", [])) == every
    for path, needed in found.items():
        [security] = document[path]["get"]["security"]
        assert sorted(security["JWTBearer"]) == sorted(needed)
        refused = client.get(path)
        assert (refused.status_code, named(refused)) == (401, sorted(needed))
        answer = client.get(path, headers=bearing(needed))
        assert answer.status_code == 200
        for lacking in needed:
            refused = client.get(path, headers=bearing(needed - {lacking}))
            assert (refused.status_code, named(refused)) == (403, sorted(needed))


def bearing(scopes: set[str]) -> dict[str, str]:
    """The field of a token with these scopes; each is signed once."""
    key = " ".join(sorted(scopes))
    if key not in _signed:
        _signed[key] = {"authorization": f"Bearer {ISSUER.access_token(scopes=key)}"}
    return _signed[key]


_signed: dict[str, dict[str, str]] = {}
