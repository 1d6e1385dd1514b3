"""The end of a connection with its access token: a WebSocket, or a streamed response.

A token is judged when a connection begins, and some connections last for days. At the expiry of the
token, leeway included, a WebSocket is closed with 1008 (RFC 6455, section 7.4.1), and a response
without content-length ends, so that the client comes back with a new token. So it is when the token
would not be accepted any more: its key is distrusted or gone, the trust in the keys has lapsed, or
a check refuses it. The application is told as of a client that went away: `receive` gives the
disconnect, and `send` raises OSError, as servers do (ASGI, HTTP and WebSocket format 2.4). It is
not cancelled.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from asgi_jwks.asgi.responses import POLICY_VIOLATION
from asgi_jwks.asgi.types import ASGIApp, Message, Receive, Scope, Send
from asgi_jwks.errors import Reason, RequestError, TemporarilyUnavailable
from asgi_jwks.events.requests import UNAVAILABLE
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["ending_at_expiry"]

_log: Final = logging.getLogger("asgi_jwks.requests")

# So often a token is judged again, in seconds: soon enough for an operator who has distrusted a
# key, and seldom enough for ten thousand open connections. The wall clock may be set and the
# machine suspended meanwhile: it is read again as well.
JUDGED_EVERY: Final = 30.0

Sleep = Callable[[float], Awaitable[None]]

EXPIRED: Final = str(Reason.EXPIRED)


CheckAgain = Callable[[AccessToken], Awaitable[None]]


async def _stands(_token: AccessToken) -> None:
    """Of a verifier that cannot judge again."""


def _unheard(_scope: Scope, _token: AccessToken, _cause: str) -> None:
    """Nobody listens."""


class TokenExpired(OSError):
    """A message was sent on a connection that has ended with its access token."""

    def __init__(self) -> None:
        super().__init__("The access token of this connection has expired, or was revoked.")


def ending_at_expiry(
    app: ASGIApp,
    verifier: object,
    *,
    on_end: Callable[[Scope, AccessToken, str], object] = _unheard,
    sleep: Sleep = anyio.sleep,
) -> ASGIApp:
    """The application, with connections that end when their access token expires or is revoked.

    Args:
        app: the application behind the middleware.
        verifier: knows the time and the leeway of each issuer, and judges tokens again; one that
            does not has the wall clock and no leeway, and does not judge again.
        on_end: hears of each connection that is ended, of its token, and why.
        sleep: waits for a number of seconds.
    """
    clock: Callable[[], float] = getattr(verifier, "clock", time.time)
    leeway_of: Callable[[str], float] = getattr(verifier, "leeway_of", lambda _: 0.0)
    check_again: CheckAgain = getattr(verifier, "check_again", _stands)
    judged = _Judged(check_again)

    async def ending(scope: Any, receive: Any, send: Any) -> None:
        token = scope.get("auth")
        if not isinstance(token, AccessToken):
            await app(scope, receive, send)
            return
        expiry = token.expires_at + leeway_of(token.issuer)

        async def ended() -> str:
            left = expiry - clock()
            while left > 0:
                await sleep(min(left, JUDGED_EVERY))
                left = expiry - clock()
                cause = await judged.cause_of_end(token, within=left) if left > 0 else None
                if cause is not None:
                    return cause
            return EXPIRED

        def told(cause: str) -> None:
            on_end(scope, token, cause)

        await _Connection(scope, receive, send, ended, told).run(app)

    return ending


class _Judged:
    """Judges the tokens of open connections again."""

    def __init__(self, check_again: CheckAgain) -> None:
        self._check_again: Final = check_again
        self._has_failed = False

    async def cause_of_end(self, token: AccessToken, *, within: float) -> str | None:
        """Why the connection of a token has to end; None while the token stands.

        Args:
            token: the token.
            within: seconds until it expires; a check that is late keeps no connection open.
        """
        try:
            with anyio.fail_after(min(within, JUDGED_EVERY)):
                await self._check_again(token)
        except RequestError as refusal:
            return str(refusal.reason)
        except TemporarilyUnavailable:
            return UNAVAILABLE
        # A check may be the application's own: that it fails must not keep a connection open.
        except Exception:
            if not self._has_failed:
                self._has_failed = True
                _log.exception(
                    "the token of an open connection could not be judged again, so that it is "
                    "ended; further failures are not told"
                )
            return UNAVAILABLE
        return None


class _Connection:
    """A connection that ends when `ended` returns why; the messages pass through it."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        ended: Callable[[], Awaitable[str]],
        told: Callable[[str], object],
    ) -> None:
        self._scope: Final = scope
        self._receive: Final = receive
        self._send: Final = send
        self._ended: Final = ended
        self._told: Final = told
        self._is_websocket: Final[bool] = scope["type"] == "websocket"
        # Two messages are never on their way at once, and none follows the last.
        self._sending: Final = anyio.Lock()
        self._receiving: Final[set[anyio.CancelScope]] = set()
        self._tasks: TaskGroup | None = None
        self._is_over = False
        self._has_ended = False

    async def run(self, app: ASGIApp) -> None:
        """Run the application; its exceptions are its own, and nothing is left running."""
        fault: BaseException | None = None
        cancelled = anyio.get_cancelled_exc_class()
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            if self._is_websocket:
                tasks.start_soon(self._end_with_token)
            try:
                await app(self._scope, self.receive, self.send)
            except cancelled:
                raise
            # Kept for outside the task group, which would wrap it.
            except BaseException as error:
                fault = error
            tasks.cancel_scope.cancel()
        # An application that ends because its connection has is not at fault.
        if fault is not None and not _is_of_the_end(fault):
            raise fault

    async def receive(self) -> Message:
        """The next message of the client; the disconnect once the connection has ended."""
        if not self._has_ended:
            with anyio.CancelScope() as waiting:
                self._receiving.add(waiting)
                try:
                    return await self._receive()
                finally:
                    self._receiving.discard(waiting)
        if self._is_websocket:
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION, "reason": ""}
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Pass a message of the application on.

        Raises:
            OSError: the connection has ended.
        """
        kind = message["type"]
        async with self._sending:
            if self._has_ended:
                raise TokenExpired
            if kind == "websocket.close" or (
                kind.endswith("http.response.body") and not message.get("more_body", False)
            ):
                self._is_over = True
            await self._send(message)
        if kind == "http.response.start" and _streams(message) and self._tasks is not None:
            self._tasks.start_soon(self._end_with_token)

    async def _end_with_token(self) -> None:
        cause = await self._ended()
        if self._is_over:
            return
        self._has_ended = True
        self._told(cause)
        try:
            self._sending.acquire_nowait()
        except anyio.WouldBlock:
            # A client that does not read holds a message up for as long as it likes, and may go on
            # sending: the application hears no more of it.
            self._disconnect()
            await self._sending.acquire()
        try:
            # The client may have gone away by itself.
            with suppress(OSError):
                await self._send(
                    {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""}
                    if self._is_websocket
                    else {"type": "http.response.body", "body": b"", "more_body": False}
                )
        finally:
            self._sending.release()
        self._disconnect()

    def _disconnect(self) -> None:
        """End the application's waiting for messages of the client."""
        for waiting in tuple(self._receiving):
            waiting.cancel()


def _streams(start: Message) -> bool:
    """Whether the length of a response is open; others must be sent whole."""
    names = {bytes(name).lower() for name, _ in start.get("headers", ())}
    return b"content-length" not in names


def _is_of_the_end(error: BaseException | None) -> bool:
    """Whether an exception is that of the end, or was raised because of it."""
    while error is not None:
        if isinstance(error, TokenExpired):
            return True
        error = error.__cause__ or error.__context__
    return False
