"""Guards made within a test, of every kind: what passes, what is refused, and what is told."""

import inspect
import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.websockets import WebSocket

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    InsufficientScope,
    KeySetUnavailable,
    MissingToken,
    RequestError,
    TemporarilyUnavailable,
    requires,
)
from asgi_jwks.asgi.authentication import AUTHENTICATION, Authentication
from asgi_jwks.asgi.identity import Anonymous, identify
from asgi_jwks.asgi.route_refusals import RefusalResponse, refusal_of

pytestmark = pytest.mark.anyio

VERIFIER = AccessTokenVerifier(
    issuer="https://issuer.example/", audience="api", jwks_uri="https://issuer.example/keys"
)
Heard = list[RequestError | TemporarilyUnavailable]


def scope(kind: str = "http", *, heard: Heard | None = None, **claims: object) -> dict[str, Any]:
    """The scope of a connection with a token, or of an anonymous one where no claim is given."""
    listener = None if heard is None else lambda error, _scope: heard.append(error)
    connection: dict[str, Any] = {
        "type": kind,
        "headers": [],
        AUTHENTICATION: Authentication(VERIFIER, realm="mine", on_refused=listener),
    }
    if claims:
        given = {"iss": "i", "exp": 1, **claims}
        identify(connection, AccessToken(given, given))
    else:
        identify(connection, None)
    return connection


async def receive() -> dict[str, Any]:
    return {"type": "received"}


def recorder() -> tuple[list[dict[str, Any]], Callable[[Any], Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    return sent, send


class TestAnApplication:
    @pytest.mark.parametrize("kind", ["http", "websocket"])
    async def test_it_is_called_with_what_the_server_gave(self, kind: str) -> None:
        """B3, C3"""
        called: list[Any] = []

        async def app(*arguments: Any) -> None:
            called.append(arguments)

        connection, (sent, send) = scope(kind, scope="read"), recorder()
        await requires("read").around(app)(connection, receive, send)
        assert called == [(connection, receive, send)]
        assert sent == []

    @pytest.mark.parametrize(
        ("claims", "status", "error"),
        [({}, 401, b""), ({"scope": "x"}, 403, b"insufficient_scope")],
    )
    async def test_it_does_not_see_what_is_refused(
        self, claims: dict[str, Any], status: int, error: bytes
    ) -> None:
        """B2, B3"""

        async def app(*arguments: Any) -> None:
            raise AssertionError("the application saw the request")

        sent, send = recorder()
        await requires("read").around(app)(scope(**claims), receive, send)
        assert sent[0]["status"] == status
        challenge = dict(sent[0]["headers"])[b"www-authenticate"]
        assert challenge.startswith(b'Bearer realm="mine"')
        assert error in challenge

    async def test_a_websocket_is_closed_before_it_is_accepted(self) -> None:
        """C1"""
        sent, send = recorder()
        guarded = requires("read").around(lambda *_: pytest.fail("it was let in"))
        await guarded(scope("websocket"), receive, send)
        assert sent == [{"type": "websocket.close", "code": 1008}]

    async def test_its_lifespan_is_its_own(self) -> None:
        """C4"""
        called: list[Any] = []

        async def app(*arguments: Any) -> None:
            called.append(arguments)

        _, send = recorder()
        await requires("read").around(app)({"type": "lifespan"}, receive, send)
        assert called == [({"type": "lifespan"}, receive, send)]


class TestAnEndpoint:
    async def test_one_in_the_event_loop(self) -> None:
        """B3"""

        @requires("read")
        async def endpoint(request: Request) -> str:
            return "read"

        assert await endpoint(Request(scope(scope="read"))) == "read"
        assert (await endpoint(Request(scope(scope="x")))).status_code == 403
        assert (await endpoint(Request(scope()))).status_code == 401

    async def test_an_object_in_the_event_loop(self) -> None:
        """B3"""

        class Endpoint:
            async def __call__(self, request: Request) -> str:
                return "read"

        endpoint = requires("read")(Endpoint())
        assert await endpoint(Request(scope(scope="read"))) == "read"
        assert (await endpoint(Request(scope(scope="x")))).status_code == 403

    def test_one_in_a_thread(self) -> None:
        """B3"""

        @requires("read")
        def endpoint(request: Request) -> str:
            return "read"

        assert endpoint(Request(scope(scope="read"))) == "read"
        assert endpoint(request=Request(scope(scope="x"))).status_code == 403
        assert endpoint(Request(scope())).status_code == 401

    async def test_one_in_a_thread_with_a_condition_that_is_async(self) -> None:
        """G10: a condition may be async wherever one may be given."""
        loop = threading.get_ident()

        async def is_editor(token: AccessToken) -> bool:
            assert threading.get_ident() == loop
            return bool(token.claims["role"] == "editor")

        @requires(condition=is_editor)
        def endpoint(request: Request) -> int:
            return threading.get_ident()

        assert await endpoint(Request(scope(role="editor"))) != loop
        assert (await endpoint(request=Request(scope(role="reader")))).status_code == 403

    async def test_one_of_websockets(self) -> None:
        """C1, C3"""

        @requires("read")
        async def endpoint(websocket: WebSocket) -> str:
            return "read"

        sent, send = recorder()
        connection = WebSocket(scope("websocket", scope="read"), receive, send)
        assert await endpoint(connection) == "read"
        assert sent == []
        assert await endpoint(WebSocket(scope("websocket"), receive, send)) is None
        assert sent == [{"type": "websocket.close", "code": 1008}]


async def in_the_event_loop(request: Request, item: int) -> int:
    """An endpoint."""
    return item


def in_a_thread(request: Request, item: int) -> int:
    """Another one."""
    return item


async def of_websockets(websocket: WebSocket, item: int) -> int:
    """A third one."""
    return item


class TestAGuardedEndpoint:
    @pytest.mark.parametrize("endpoint", [in_the_event_loop, in_a_thread, of_websockets])
    def test_it_keeps_its_name_and_signature(self, endpoint: Callable[..., Any]) -> None:
        """Starlette names routes by it, and other decorators look for its arguments."""
        guarded = requires("read")(endpoint)
        assert guarded.__name__ == endpoint.__name__
        assert guarded.__doc__ == endpoint.__doc__
        assert inspect.signature(guarded) == inspect.signature(endpoint)
        assert inspect.iscoroutinefunction(guarded) == inspect.iscoroutinefunction(endpoint)

    async def test_it_is_called_with_all_its_arguments(self) -> None:
        """Frameworks such as FastAPI give them by name."""
        request = Request(scope(scope="read"))
        websocket = WebSocket(scope("websocket", scope="read"), receive, recorder()[1])
        guard = requires("read")
        assert await guard(in_the_event_loop)(request=request, item=5) == 5
        assert await guard(in_the_event_loop)(request, 6) == 6
        assert guard(in_a_thread)(request=request, item=5) == 5
        assert guard(in_a_thread)(request, 6) == 6
        assert await guard(of_websockets)(websocket=websocket, item=5) == 5
        assert await guard(of_websockets)(websocket, 6) == 6


def test_a_connection_of_starlette_and_its_scope_are_refused_alike() -> None:
    """B3"""
    connection = scope(scope="x")
    error = InsufficientScope("a")
    assert refusal_of(Request(connection), error) == refusal_of(connection, error)
    assert refusal_of({"type": "http"}, error).status == 403


# B12: whoever listens hears of every refusal, once.


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("claims", "error"), [({"scope": "x"}, 403), ({}, 401)])
async def test_on_refused_hears_of_a_guarded_application(
    kind: str, claims: dict[str, Any], error: int, caplog: pytest.LogCaptureFixture
) -> None:
    """B12"""
    caplog.set_level(logging.DEBUG, "asgi_jwks.requests")
    heard: Heard = []
    guarded = requires("read").around(lambda *_: pytest.fail("it was let in"))
    await guarded(scope(kind, heard=heard, **claims), receive, recorder()[1])
    assert [getattr(refused, "status", 503) for refused in heard] == [error]
    assert sum(record.levelno == logging.DEBUG for record in caplog.records) == 1


async def test_on_refused_hears_of_guarded_endpoints() -> None:
    """B12"""
    heard: Heard = []
    guard = requires("read")
    await guard(in_the_event_loop)(Request(scope(heard=heard, x=1)), 5)
    guard(in_a_thread)(Request(scope(heard=heard, x=1)), 5)
    connection = WebSocket(scope("websocket", heard=heard, x=1), receive, recorder()[1])
    await guard(of_websockets)(connection, 5)
    assert [type(refused) for refused in heard] == [InsufficientScope] * 3


async def test_on_refused_hears_of_an_outage_that_a_condition_tells() -> None:
    """B7, B12: a condition may ask what is down."""

    async def is_member(token: AccessToken) -> bool:
        raise TemporarilyUnavailable("the directory is down", retry_after=3)

    heard: Heard = []
    guarded = requires(condition=is_member).around(lambda *_: pytest.fail("it was let in"))
    sent, send = recorder()
    await guarded(scope(heard=heard, x=1), receive, send)
    assert sent[0]["status"] == 503
    assert dict(sent[0]["headers"])[b"retry-after"] == b"3"
    assert len(heard) == 1


def test_on_refused_hears_of_what_another_framework_answers() -> None:
    """B12"""
    heard: Heard = []
    connection = scope(heard=heard, scope="x")
    with pytest.raises(InsufficientScope) as refused:
        requires("read").check_scope(connection)
    assert refusal_of(connection, refused.value).status == 403
    assert heard == [refused.value]


def test_a_guard_judges_a_token_by_itself() -> None:
    granted: dict[str, Any] = {"iss": "i", "exp": 1, "scope": "read"}
    token: AccessToken = AccessToken(granted, granted)
    requires("read").check(token)
    with pytest.raises(InsufficientScope):
        requires("write").check(token)


def test_an_anonymous_request_lacks_a_token_and_not_a_scope() -> None:
    with pytest.raises(MissingToken):
        requires("read").check_scope({"auth": Anonymous()})


# Refusals for frameworks of other kinds.


def test_a_refusal_without_the_middleware_has_a_challenge_all_the_same() -> None:
    """B1"""
    refusal = refusal_of({}, MissingToken())
    assert dict(refusal.headers)[b"www-authenticate"] == b'Bearer realm="api"'


def test_keys_that_are_unavailable_are_not_the_client_s_fault() -> None:
    """B7"""
    refusal = refusal_of({}, KeySetUnavailable("no keys", retry_after=2.5))
    headers = dict(refusal.headers)
    assert (refusal.status, headers[b"retry-after"]) == (503, b"3")
    assert b"www-authenticate" not in headers
    assert json.loads(refusal.body)["error"] == "temporarily_unavailable"


async def test_a_refusal_can_be_sent_as_a_starlette_response() -> None:
    sent, send = recorder()
    response = RefusalResponse(refusal_of({}, MissingToken()))
    await response({"type": "http", "method": "GET"}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == response.body
