"""Edges of this room: values that all requests share, and sets with one or no member."""

import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.websockets import WebSocket

from asgi_jwks import Reason, StaticJWKSet
from asgi_jwks.asgi.authorization import requires
from asgi_jwks.asgi.challenge import CHALLENGES, Refusal
from asgi_jwks.asgi.public_paths import PublicPaths
from asgi_jwks.asgi.token_sources import AuthorizationHeader, Cookie, WebSocketSubprotocol
from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.testing import MockIssuer
from asgi_jwks.tokens.access_token import AccessToken

OTHER = MockIssuer()


@pytest.mark.parametrize(
    "value",
    [AuthorizationHeader(), Cookie("token"), WebSocketSubprotocol(), Refusal(401, (), b"")],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_this_room_stays_what_it_is(value: object) -> None:
    """Nothing is changed, and nothing is added."""
    for name in (*type(value).__annotations__, "another"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(value, name, None)
    assert not hasattr(value, "__dict__")
    assert {value: "as a key"}


def test_the_scope_key_of_the_challenges_stays_what_it_is() -> None:
    """Middleware of different versions of this package may stand around one application."""
    assert CHALLENGES == "asgi_jwks.challenges"


@pytest.mark.parametrize("path", ["/health", "/static/*"])
def test_public_paths_are_some_as_soon_as_there_is_one(path: str) -> None:
    """B11: the middleware does not even ask where there are none."""
    assert PublicPaths([path])
    assert not PublicPaths([])


def test_public_paths_may_come_from_an_iterator() -> None:
    """B11: it is read once."""
    paths = PublicPaths(iter(["/health", "/static/*"]))
    assert paths.match({"path": "/health"}) is True
    assert paths.match({"path": "/static/a"}) is True
    assert paths.match({"path": "/static/a", "raw_path": b"/static%2fa"}) is False


def test_a_name_below_a_public_prefix_may_be_of_any_other_character() -> None:
    """B11: only those that two readers could take differently are not public."""
    paths = PublicPaths(["/static/*"])
    refused = {c for c in map(chr, range(128)) if not paths.match({"path": f"/static/a{c}b"})}
    assert refused == set("\\%;?#\0")


async def in_the_event_loop(request: Request, item: int) -> int:
    """An endpoint."""
    return item


def in_a_thread(request: Request, item: int) -> int:
    """Another one."""
    return item


async def of_websockets(websocket: WebSocket, item: int) -> int:
    """A third one."""
    return item


@pytest.mark.parametrize("endpoint", [in_the_event_loop, in_a_thread, of_websockets])
def test_a_guarded_endpoint_keeps_its_name_and_signature(endpoint: Callable[..., Any]) -> None:
    """Starlette names routes by it, and other decorators look for its arguments."""
    guarded = requires("read")(endpoint)
    assert guarded.__name__ == endpoint.__name__
    assert guarded.__doc__ == endpoint.__doc__
    assert inspect.signature(guarded) == inspect.signature(endpoint)
    assert inspect.iscoroutinefunction(guarded) == inspect.iscoroutinefunction(endpoint)


async def nothing(*_arguments: Any) -> Any:
    """What nobody calls: the server's receive and send."""


@pytest.mark.anyio
async def test_a_guarded_endpoint_is_called_with_all_its_arguments() -> None:
    """Frameworks such as FastAPI give them by name."""
    token: AccessToken = AccessToken({"iss": "i", "exp": 1, "scope": "read"})
    request = Request({"type": "http", "headers": [], "auth": token})
    websocket = WebSocket({"type": "websocket", "headers": [], "auth": token}, nothing, nothing)
    guard = requires("read")
    assert await guard(in_the_event_loop)(request=request, item=5) == 5
    assert await guard(in_the_event_loop)(request, 6) == 6
    assert guard(in_a_thread)(request=request, item=5) == 5
    assert guard(in_a_thread)(request, 6) == 6
    assert await guard(of_websockets)(websocket=websocket, item=5) == 5
    assert await guard(of_websockets)(websocket, 6) == 6


@pytest.mark.anyio
@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "RS256", "crit": ["b64"]},
        {"alg": "RS256", "typ": "dpop+jwt"},
        {"alg": "RS256", "kid": "unknown"},
        {"alg": "RS256"},
    ],
    ids=["algorithm", "parameter", "type", "key", "ambiguous key"],
)
async def test_what_is_no_b64token_is_a_bad_request_whatever_its_header_says(
    guarded: Callable[..., Any], issuer: MockIssuer, header: dict[str, object]
) -> None:
    """A1, B3: credentials of the wrong form are 400 invalid_request."""
    published: list[Any] = [issuer.jwk_set(), OTHER.jwk_set()]
    keys = StaticJWKSet({"keys": [jwk for jwks in published for jwk in jwks["keys"]]})
    encoded = b64url_encode(json.dumps(header).encode())
    answer = await guarded(keys=keys)(f"{encoded}.e30.!")
    assert answer.status == 400
    [error] = answer.errors
    assert error.reason is Reason.INVALID_CREDENTIALS
