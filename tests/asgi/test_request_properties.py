"""Any request: an answer of ours or the application's, never an exception of another kind."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks import AuthorizationHeader, Cookie, WebSocketSubprotocol

bounded = examples(
    200,
    # `guarded` makes a new application for each example itself.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

NAMES = st.sampled_from(
    [b"authorization", b"cookie", b"origin", b"access-control-request-method", b"x-user", b""]
)
VALUES = (
    st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda octets: b"Bearer " + octets)
    | st.binary(max_size=60).map(lambda octets: b"at=" + octets)
    | st.sampled_from([b"Bearer", b"bearer a.b.c", b"Basic YTpi", b"at=a.b.c", b"GET"])
)


@bounded
@given(value=st.binary() | st.binary().map(lambda octets: b"Bearer " + octets))
@example(b"Bearer \xff")
@example(b"Bearer ..")
def test_any_bytes_may_be_an_authorization_field(guarded: Callable[..., Any], value: bytes) -> None:
    """A1, A8, A9, B1, B5"""
    answer = anyio.run(_connect, guarded, {}, {"headers": [(b"authorization", value)]})
    assert answer.status in {400, 401}
    assert answer.seen == []
    assert answer.headers["www-authenticate"].startswith('Bearer realm="api"')
    assert ("error=" in answer.headers["www-authenticate"]) is value.lower().startswith(
        b"bearer "
    ) or value.lower() == b"bearer"


@bounded
@given(
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=4),
    method=st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "", "get"]),
    path=st.text(max_size=20) | st.text("/.%25fhealtstic\\;", max_size=20),
    subprotocols=st.lists(st.sampled_from(["bearer", "a.b.c", "chat", "é", "", "€"]), max_size=4),
    kind=st.sampled_from(["http", "websocket"]),
)
def test_any_request_is_answered_once(
    guarded: Callable[..., Any],
    headers: list[tuple[bytes, bytes]],
    method: str,
    path: str,
    subprotocols: list[str],
    kind: str,
) -> None:
    """A8, A10, B8, B9, B10, B11"""
    options = {
        "public_paths": ["/health", "/static/*"],
        "token_sources": [AuthorizationHeader(), Cookie("at"), WebSocketSubprotocol()],
    }
    scope = {
        "headers": headers,
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "subprotocols": subprotocols,
        "type": kind,
        "extensions": {"websocket.http.response": {}},
    }
    answer = anyio.run(_connect, guarded, options, scope)
    starts = [m for m in answer.sent if m["type"].endswith(("start", "accept"))]
    assert len(starts) == 1
    if answer.seen:
        assert path == "/health" or path.startswith("/static/")
        assert answer.scope["claims"] == {}
    else:
        assert answer.status in {400, 401}


@pytest.mark.parametrize("token", ["good", "bad"])
@bounded
@given(noise=st.lists(st.tuples(st.sampled_from([b"x-a", b"cookie"]), st.binary()), max_size=5))
def test_noise_around_a_token_changes_nothing(
    guarded: Callable[..., Any], issuer: Any, token: str, noise: list[tuple[bytes, bytes]]
) -> None:
    """A8, A10"""
    value = issuer.access_token() if token == "good" else issuer.access_token(exp=0)
    headers = [*noise, (b"authorization", f"Bearer {value}".encode()), *noise]
    answer = anyio.run(_connect, guarded, {}, {"headers": headers})
    assert answer.status == (200 if token == "good" else 401)


async def _connect(guarded: Callable[..., Any], options: Any, scope: Any) -> Any:
    return await guarded(**options)(**scope)
