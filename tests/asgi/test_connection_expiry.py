"""Connections that outlive their token, with a clock that is moved by hand."""

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Self

import anyio
import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route, WebSocketRoute

from asgi_jwks import (
    AccessTokenVerifier,
    InvalidToken,
    JWTBearerMiddleware,
    KeySetUnavailable,
    Reason,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.asgi.connection_expiry import JUDGED_EVERY, ending_at_expiry
from asgi_jwks.events import ConnectionEnded, Event, RequestLabels
from asgi_jwks.testing import MockIssuer
from asgi_jwks.tokens.access_token import AccessToken

LIFETIME = 90.0
LEEWAY = 5.0


class Time:
    """Seconds that pass when somebody sleeps, and as many as a test lets pass."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []
        self.until = self.now
        self._moved = anyio.Event()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        end = self.now + seconds
        while self.until < end:
            await self._moved.wait()
        self.now = max(self.now, end)

    def pass_by(self, seconds: float) -> None:
        self.until += seconds
        moved, self._moved = self._moved, anyio.Event()
        moved.set()


class Verifier:
    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.judged = 0
        self.verdict: BaseException | None = None

    async def check_again(self, token: AccessToken) -> None:
        self.judged += 1
        if self.verdict is not None:
            raise self.verdict

    def leeway_of(self, issuer: str) -> float:
        assert issuer == "https://issuer.example/"
        return LEEWAY


class Connection:
    """A client and the application that it talks to, by way of the code under test."""

    def __init__(self, app: Any, kind: str = "http", *, method: str = "GET") -> None:
        self.time = Time()
        self.sent: list[dict[str, Any]] = []
        self.hangs_up = False
        self.reads: anyio.Event | None = None
        self.ended = anyio.Event()
        claims = {"iss": "https://issuer.example/", "exp": self.time.now + LIFETIME}
        self.scope: dict[str, Any] = {"type": kind, "method": method, "auth": AccessToken(claims)}
        self.causes: list[str] = []
        self.verifier = Verifier(self.time)
        self._app = ending_at_expiry(
            app,
            self.verifier,
            on_end=lambda _scope, _token, cause: self.causes.append(cause),
            sleep=self.time.sleep,
        )

    async def send(self, message: Any) -> None:
        await anyio.lowlevel.checkpoint()
        if self.hangs_up and len(self.sent) > 1:
            raise OSError("the client has gone")
        self.sent.append(message)
        if self.reads is not None and message["type"] == "websocket.send":
            await self.reads.wait()
        if message.get("more_body") is False:
            self.ended.set()

    async def receive(self) -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    async def run(self, seconds: float = LIFETIME + LEEWAY) -> None:
        """Let the application run, and time pass once nothing else is to be done."""
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._pass_by, seconds)
                await self._app(self.scope, self.receive, self.send)

    async def _pass_by(self, seconds: float) -> None:
        await anyio.wait_all_tasks_blocked()
        self.time.pass_by(seconds)


START = {"type": "http.response.start", "status": 200, "headers": []}


def part(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


@pytest.mark.anyio
async def test_a_websocket_is_closed_and_its_application_sees_a_disconnect() -> None:
    """C6"""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        seen.append(await receive())
        seen.append(await receive())
        with pytest.raises(
            OSError, match=r"^The access token of .* has expired, or was revoked\.$"
        ):
            await send({"type": "websocket.send", "text": "too late"})

    connection = Connection(app, "websocket")
    await connection.run()
    assert connection.sent == [
        {"type": "websocket.accept"},
        {"type": "websocket.close", "code": 1008, "reason": ""},
    ]
    assert seen == [{"type": "websocket.disconnect", "code": 1008, "reason": ""}] * 2


@pytest.mark.anyio
async def test_it_ends_at_exp_and_leeway_and_not_before() -> None:
    """C6"""
    ended = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        ended.set()

    connection = Connection(app, "websocket")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connection.run, LIFETIME + LEEWAY - 0.5)
        await anyio.wait_all_tasks_blocked()
        assert not ended.is_set()
        connection.time.pass_by(0.5)
    assert ended.is_set()
    # A clock that is set, or a machine that is suspended, is noticed before long.
    assert connection.time.slept == [JUDGED_EVERY, JUDGED_EVERY, JUDGED_EVERY, LEEWAY]
    # What has expired is not judged again.
    assert connection.verifier.judged == 3
    assert connection.causes == ["expired"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("lifetime", "slept"), [(-1.0, []), (0.0, []), (0.5, [0.5]), (45.0, [30.0, 15.0])]
)
async def test_a_verifier_that_knows_no_time_has_the_wall_clock_and_no_leeway(
    monkeypatch: pytest.MonkeyPatch, lifetime: float, slept: list[float]
) -> None:
    """C6: and does not judge a token again."""
    clock, waits, causes = Time(), list[float](), list[str]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.now += seconds

    monkeypatch.setattr("asgi_jwks.asgi.connection_expiry.time", SimpleNamespace(time=clock))
    token = AccessToken({"iss": "https://issuer.example/", "exp": clock.now + lifetime})
    ending = ending_at_expiry(
        _waits, object(), on_end=lambda _scope, _token, cause: causes.append(cause), sleep=sleep
    )
    connection = Connection(_waits)
    with anyio.fail_after(10):
        scope = {"type": "websocket", "auth": token}
        await ending(scope, connection.receive, connection.send)
    assert causes == ["expired"]
    assert waits == slept


@pytest.mark.anyio
async def test_a_connection_without_a_token_is_the_application_s_own() -> None:
    """C6, A5: of public paths, say."""
    given: list[object] = []

    async def app(*arguments: object) -> None:
        given.extend(arguments)

    connection = Connection(app)
    connection.scope["auth"] = None
    own = [connection.scope, connection.receive, connection.send]
    await connection._app(connection.scope, connection.receive, connection.send)
    assert given == own


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("verdict", "cause"),
    [
        (InvalidToken(Reason.UNKNOWN_KEY), "unknown_key"),
        (KeySetUnavailable("expired"), "unavailable"),
        (ZeroDivisionError(), "unavailable"),
    ],
    ids=["refused", "lapsed", "raises"],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_token_that_does_not_stand_any_more_ends_its_connection(
    kind: str, verdict: Exception, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    """C6, H3: within half a minute, and long before it expires; it fails closed."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"} if kind == "websocket" else START)
        seen.append(await receive())

    connection = Connection(app, kind)
    connection.verifier.verdict = verdict
    await connection.run(JUDGED_EVERY)
    assert seen[0]["type"] == f"{kind}.disconnect"
    assert connection.causes == [cause]
    assert connection.verifier.judged == 1
    assert len(caplog.records) == (cause == "unavailable" and "Zero" in repr(verdict))


@pytest.mark.anyio
async def test_a_check_that_is_late_keeps_no_connection_open(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """C6: and is logged once, however many connections it concerns."""

    async def late(token: AccessToken) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr("asgi_jwks.asgi.connection_expiry.JUDGED_EVERY", 0.01)
    connection = Connection(_waits, "websocket")
    connection.verifier.check_again = late  # type: ignore[method-assign]  # of this one
    app = ending_at_expiry(
        _waits, connection.verifier, on_end=lambda *said: connection.causes.append(said[2])
    )
    with anyio.fail_after(30):
        for _ in range(2):
            await app(connection.scope, connection.receive, connection.send)
    assert connection.causes == ["unavailable"] * 2
    assert len(caplog.records) == 1


@pytest.mark.anyio
async def test_a_response_without_fields_is_streamed() -> None:
    """C6: ASGI lets an application leave them out."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await receive()

    connection = Connection(app)
    await connection.run()
    assert connection.causes == ["expired"]


@pytest.mark.anyio
async def test_messages_that_were_received_leave_nothing_behind() -> None:
    """H4: a WebSocket lasts for days."""
    kept: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(5):
            await receive()
            kept.append(len(receive.__self__._receiving))

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.receive", "text": "a"}

    connection = Connection(app, "websocket")
    await connection._app(connection.scope, receive, connection.send)
    assert kept == [0] * 5


@pytest.mark.anyio
async def test_a_streamed_response_ends_and_its_application_sees_a_disconnect() -> None:
    """C6: server-sent events, for one."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(b"data: 1\n\n"))
        seen.append(await receive())
        await send(part(b"data: 2\n\n"))

    connection = Connection(app)
    await connection.run()
    assert connection.sent == [
        START,
        part(b"data: 1\n\n"),
        {"type": "http.response.body", "body": b"", "more_body": False},
    ]
    assert seen == [{"type": "http.disconnect"}]


@pytest.mark.anyio
async def test_a_response_of_a_known_length_is_sent_whole() -> None:
    """C6: a download that ends early would be a broken one."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": [(b"Content-Length", b"2")]})
        await send(part(b"a"))
        await anyio.wait_all_tasks_blocked()
        connection.time.now += 2 * LIFETIME
        await send({"type": "http.response.body", "body": b"b"})

    connection = Connection(app)
    await connection.run()
    assert [message.get("body") for message in connection.sent] == [None, b"a", b"b"]
    assert connection.time.slept == []


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_connection_that_has_ended_by_itself_is_left_alone(kind: str) -> None:
    """C6: whatever the application does after its last message."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if kind == "http":
            await send(START)
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "websocket.close", "code": 1000})
        await anyio.wait_all_tasks_blocked()
        connection.time.pass_by(LIFETIME)
        await anyio.wait_all_tasks_blocked()

    connection = Connection(app, kind)
    await connection.run()
    assert len(connection.sent) == (2 if kind == "http" else 1)


@pytest.mark.anyio
async def test_a_client_that_has_gone_is_not_an_error() -> None:
    """C6"""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "1"})
        await receive()

    connection = Connection(app, "websocket")
    connection.hangs_up = True
    await connection.run()
    assert len(connection.sent) == 2


@pytest.mark.anyio
async def test_a_client_that_does_not_read_keeps_no_connection_open() -> None:
    """C6: a message is on its way to it still, and the application hears no more of it."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, {"type": "websocket.send", "text": "unread"})
            await anyio.wait_all_tasks_blocked()
            seen.append(await receive())
            seen.append(await receive())
            reads.set()
            await anyio.wait_all_tasks_blocked()

    connection = Connection(app, "websocket")
    connection.reads = reads = anyio.Event()
    await connection.run()
    assert [message["type"] for message in seen] == ["websocket.disconnect"] * 2
    assert [message["type"] for message in connection.sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert connection.causes == ["expired"]


@pytest.mark.anyio
async def test_the_applications_own_exception_is_its_own() -> None:
    """B9, C6: it is not wrapped, and the timer is gone."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        raise ZeroDivisionError

    connection = Connection(app)
    with pytest.raises(ZeroDivisionError):
        await connection._app(connection.scope, None, connection.send)


@pytest.mark.anyio
async def test_a_cancelled_connection_is_cancelled() -> None:
    """C6, F10"""
    connection = Connection(_waits, "websocket")
    with anyio.move_on_after(0.0) as scope:
        await connection.run(0.0)
    assert scope.cancelled_caught
    assert connection.sent == []


async def _waits(scope: Any, receive: Any, send: Any) -> None:
    await receive()


@pytest.mark.anyio
async def test_a_message_of_the_client_arrives_as_ever() -> None:
    """C6"""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(await receive())

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"hello"}

    connection = Connection(app)
    await connection._app(connection.scope, receive, connection.send)
    assert seen == [{"type": "http.request", "body": b"hello"}]


@pytest.mark.anyio
async def test_starlettes_streams_and_websockets_end_quietly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """C6: its ClientDisconnect is not an error of the application then."""

    class Numbers:
        """No generator: Starlette leaves one open, which trio warns of."""

        count = 0

        def __aiter__(self) -> Self:
            return self

        async def __anext__(self) -> str:
            if self.count == 3:
                await connection.ended.wait()
            self.count += 1
            return f"data: {self.count}\n\n"

    async def stream(request: Any) -> StreamingResponse:
        return StreamingResponse(Numbers(), media_type="text/event-stream")

    async def chat(websocket: Any) -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            raise AssertionError

    app = Starlette(routes=[Route("/", stream), WebSocketRoute("/", chat)])
    for spec in ("2.3", "2.4"):
        for kind in ("http", "websocket"):
            connection = Connection(app, kind)
            connection.scope |= {
                "path": "/",
                "headers": [],
                "query_string": b"",
                "asgi": {"spec_version": spec},
            }
            if kind == "websocket":
                connection.receive = _connects(connection.receive)  # type: ignore[method-assign]
            await connection.run()
            last = connection.sent[-1]
            assert last.get("code", last.get("more_body")) in {1008, False}
            assert len(connection.sent) < 6
    assert not caplog.records


def _connects(then: Any) -> Any:
    messages = [{"type": "websocket.connect"}]

    async def receive() -> Any:
        return messages.pop() if messages else await then()

    return receive


@pytest.mark.anyio
async def test_the_middleware_does_so_when_it_is_told_to() -> None:
    """C6: the leeway is the issuer's; without a token, and by default, nothing ends."""
    issuer = MockIssuer()
    ends = AccessTokenVerifier(
        TrustedIssuer(
            issuer=issuer.issuer,
            audience=issuer.audience,
            keys=StaticJWKSet(issuer.jwk_set()),
            leeway=7,
        )
    )
    assert (ends.leeway_of(issuer.issuer), ends.leeway_of("https://other.example/")) == (7.0, 0.0)
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(send)

    async def send(message: Any) -> None: ...

    for options, token in (
        ({"end_at_expiry": True}, issuer.access_token()),
        ({"end_at_expiry": True, "allow_anonymous": True}, None),
        ({}, issuer.access_token()),
    ):
        fields = [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {"type": "http", "method": "GET", "path": "/", "headers": fields}
        given: Any = options
        await JWTBearerMiddleware(app, verifier=ends, **given)(scope, None, send)
    assert [passed is send for passed in seen] == [False, True, True]


@pytest.mark.anyio
@pytest.mark.parametrize("is_heard", [True, False], ids=["heard", "without a listener"])
async def test_the_middleware_tells_of_a_connection_whose_key_was_distrusted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_heard: bool
) -> None:
    """C6, N1, N10, F17: by the real verifier; of the issuer's name and the scheme."""
    caplog.set_level(logging.INFO, "asgi_jwks.requests")
    monkeypatch.setattr("asgi_jwks.asgi.connection_expiry.JUDGED_EVERY", 0.01)
    issuer, heard = MockIssuer(), list[Event]()
    keys = StaticJWKSet(issuer.jwk_set())
    app = JWTBearerMiddleware(
        _waits,
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=keys,
        listener=heard.append if is_heard else None,
        end_at_expiry=True,
    )
    fields = [(b"authorization", f"Bearer {issuer.access_token()}".encode())]
    scope = {"type": "websocket", "path": "/", "headers": fields}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app, scope, anyio.sleep_forever, send)
            await anyio.wait_all_tasks_blocked()
            keys.distrust(kid=issuer.signing_key.kid)
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]
    labels = RequestLabels(issuer.issuer, "bearer", "websocket")
    assert heard[-1:] == [ConnectionEnded(labels, "unknown_key")] * is_heard
    assert caplog.messages[-1:] == [
        f"ended an open websocket connection with its token: unknown_key, issuer {issuer.issuer}"
    ]
