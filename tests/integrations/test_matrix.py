"""One policy, several skins: whatever the framework, the same request gets the same answer.

The skins are the examples of the frameworks, asked over ASGI itself.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from asgi_jwks import Reason
from asgi_jwks.testing import SigningKey

HTTP_SKINS = (
    "starlette_app",
    "fastapi_app",
    "fastapi_with_middleware",
    "bare_asgi",
    "litestar_app",
    "quart_app",
    "django_app",
)
# Those whose routes show what they need, so that a 401 names it (K6).
DECLARED = tuple(name for name in HTTP_SKINS if name != "bare_asgi")

# Django has no WebSockets of its own.
WEBSOCKET_SKINS = tuple(name for name in HTTP_SKINS if name != "django_app")

DENIAL = "websocket.http.response"
SUBJECT = "auth0|60c7a9f2b1d3e40069f8a2b7"


@dataclass(frozen=True, slots=True)
class Case:
    """A request that is refused: what it brings, and the answer."""

    name: str
    headers: Callable[[Any], list[bytes]]
    status: int
    error: str | None
    reason: Reason
    path: str = "/me"
    scope: str | None = None

    def at(self, path: str, *, scope: str | None) -> "Case":
        """The same request where the route needs a scope, which a 401 names (K6)."""
        return replace(self, path=path, scope=self.scope if self.status == 400 else scope)

    @property
    def challenge(self) -> str:
        """RFC 6750, section 3."""
        parameters = ['realm="api"']
        if self.error is not None:
            parameters.append(f'error="{self.error}"')
            parameters.append(f'error_description="{self.reason.phrase}"')
        if self.scope is not None:
            parameters.append(f'scope="{self.scope}"')
        return f"Bearer {', '.join(parameters)}"

    @property
    def body(self) -> dict[str, str]:
        """What it says to a person."""
        error = self.error or self.reason.value
        return {"error": error, "error_description": self.reason.phrase}


def bearer(**token: Any) -> Callable[[Any], list[bytes]]:
    return lambda issuer: [b"Bearer " + issuer.access_token(**token).encode()]


def fields(*values: bytes) -> Callable[[Any], list[bytes]]:
    return lambda issuer: list(values)


STRANGER = SigningKey.generate("RS256")
CASES = (
    Case("no token", fields(), 401, None, Reason.MISSING_TOKEN),
    Case("another scheme", fields(b"Basic YTpi"), 401, None, Reason.MISSING_TOKEN),
    Case(
        "two fields",
        fields(b"Bearer a.b.c", b"Bearer a.b.c"),
        *(400, "invalid_request", Reason.REPEATED_CREDENTIALS),
    ),
    Case(
        "no token68",
        fields(b"Bearer a b"),
        *(400, "invalid_request", Reason.INVALID_CREDENTIALS),
    ),
    Case(
        "too large",
        fields(b"Bearer " + b"a" * 20_000),
        *(400, "invalid_request", Reason.TOKEN_TOO_LARGE),
    ),
    Case("no JWT", fields(b"Bearer abc"), 401, "invalid_token", Reason.MALFORMED),
    Case("expired", bearer(lifetime=-60), 401, "invalid_token", Reason.EXPIRED),
    Case("audience", bearer(audience="other"), 401, "invalid_token", Reason.WRONG_AUDIENCE),
    Case(
        "issuer",
        bearer(iss="https://other.example/"),
        *(401, "invalid_token", Reason.UNKNOWN_ISSUER),
    ),
    Case("key", bearer(key=STRANGER), 401, "invalid_token", Reason.UNKNOWN_KEY),
    Case(
        "scope",
        bearer(scopes="write:messages"),
        *(403, "insufficient_scope", Reason.INSUFFICIENT_SCOPE),
        path="/messages",
        scope="read:messages",
    ),
)
EXPECTED_HEADERS = ("content-type", "content-length", "cache-control", "www-authenticate")

case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))


@pytest.fixture(params=HTTP_SKINS, scope="module")
def skin(request: pytest.FixtureRequest, load_skin: Any) -> Any:
    return load_skin(request.param)


@pytest.fixture(params=WEBSOCKET_SKINS, scope="module")
def websocket_skin(request: pytest.FixtureRequest, load_skin: Any) -> Any:
    return load_skin(request.param)


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Quart and Django run on asyncio only; the package itself is tested on trio elsewhere."""
    return str(request.param)


def authorization(values: list[bytes]) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", value) for value in values]


def assert_is_the_answer(answer: Any, case: Case) -> None:
    assert answer.status == case.status
    headers = {name: answer.headers.get(name) for name in EXPECTED_HEADERS}
    assert headers == {
        "content-type": "application/json",
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
        "www-authenticate": case.challenge,
    }
    assert json.loads(answer.body) == case.body


@pytest.mark.anyio
@case
async def test_a_refused_request_gets_the_same_answer(skin: Any, case: Case) -> None:
    """B1, B2, B3, B5, B6: status, challenge and body."""
    answer = await skin.http(case.path, *authorization(case.headers(skin.issuer)))
    assert_is_the_answer(answer, case)


@pytest.mark.anyio
@case
async def test_a_401_names_the_scopes_of_the_route_in_every_framework(
    skin: Any, case: Case
) -> None:
    """K6, K9: those that a route declares, whichever way it is attached."""
    answer = await skin.http("/messages", *authorization(case.headers(skin.issuer)))
    declared = skin.name in DECLARED
    assert_is_the_answer(answer, case.at("/messages", scope="read:messages") if declared else case)


@pytest.mark.anyio
@case
async def test_a_refused_websocket_gets_the_same_answer_where_the_server_can_give_it(
    websocket_skin: Any, case: Case
) -> None:
    """C1, C2, K6: a denial response."""
    headers = authorization(case.headers(websocket_skin.issuer))
    answer = await websocket_skin.websocket("/echo", *headers, extensions=(DENIAL,))
    declared = websocket_skin.name in DECLARED
    assert_is_the_answer(answer, case.at("/echo", scope="read:messages") if declared else case)


@pytest.mark.anyio
@case
async def test_a_refused_websocket_is_closed_where_the_server_cannot_answer(
    websocket_skin: Any, case: Case
) -> None:
    """C1, C2: 1008, before it is accepted."""
    headers = authorization(case.headers(websocket_skin.issuer))
    answer = await websocket_skin.websocket("/echo", *headers)
    assert answer.close_code == 1008


@pytest.mark.anyio
async def test_a_valid_token_s_claims_reach_the_application(skin: Any) -> None:
    headers = authorization(bearer(scopes="read:messages")(skin.issuer))
    me = await skin.http("/me", *headers)
    messages = await skin.http("/messages", *headers)
    assert (me.status, json.loads(me.body)) == (200, {"sub": SUBJECT})
    assert json.loads(messages.body) == [f"You have no messages, {SUBJECT}."]


@pytest.mark.anyio
async def test_a_websocket_with_a_valid_token_is_accepted(websocket_skin: Any) -> None:
    """C3: and the claims are on the scope."""
    headers = authorization(bearer(scopes="read:messages")(websocket_skin.issuer))
    answer = await websocket_skin.websocket("/echo", *headers)
    kinds = [message["type"] for message in answer.messages]
    assert kinds[:2] == ["websocket.accept", "websocket.send"]
    assert answer.messages[1]["text"] == f"{SUBJECT}: hello"


@pytest.mark.anyio
async def test_keys_that_cannot_be_had_are_the_server_s_fault_everywhere(
    skin: Any, load_skin: Any
) -> None:
    """B7: 503 with Retry-After, and no challenge."""
    cold = load_skin(skin.name)
    cold.issuer.jwks.fail(status=500)
    answer = await cold.http("/me", *authorization(bearer()(cold.issuer)))
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert "www-authenticate" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.body)["error"] == "temporarily_unavailable"


@pytest.mark.anyio
@pytest.mark.parametrize("name", [n for n in HTTP_SKINS if n != "fastapi_app"])
async def test_a_refused_head_request_has_no_body(load_skin: Any, name: str) -> None:
    """B6; FastAPI answers 405 to HEAD before it asks a dependency, unless there is a route."""
    answer = await load_skin(name).http("/me", method="HEAD")
    assert (answer.status, answer.body) == (401, b"")
    assert int(answer.headers["content-length"]) > 0
