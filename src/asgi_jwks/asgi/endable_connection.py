"""A connection that can be ended while its application runs.

The application is told as of a client that went away: `receive` gives the disconnect, and `send`
raises OSError, as servers do (ASGI, HTTP and WebSocket format 2.4). It is not cancelled. It is not
known here when a connection has to end.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import anyio
from anyio.abc import TaskGroup

from asgi_jwks.asgi.responses import POLICY_VIOLATION
from asgi_jwks.asgi.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ConnectionEnded", "EndableConnection"]


class ConnectionEnded(OSError):
    """A message was sent on a connection that has ended with its access token."""

    def __init__(self) -> None:
        super().__init__("The access token of this connection has expired, or was revoked.")


class EndableConnection:
    """A connection that ends when `ended` returns why; the messages pass through it.

    Args:
        scope, receive, send: those of the server.
        ended: waits for the end, and returns its cause. It is called when a WebSocket begins, or
            a response of unknown length.
        on_end: hears of the end and its cause.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        ended: Callable[[], Awaitable[str]],
        on_end: Callable[[str], object],
    ) -> None:
        self._scope: Final = scope
        self._receive: Final = receive
        self._send: Final = send
        self._ended: Final = ended
        self._on_end: Final = on_end
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
                tasks.start_soon(self._end_early)
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
                raise ConnectionEnded
            if kind == "websocket.close" or (
                kind.endswith("http.response.body") and not message.get("more_body", False)
            ):
                self._is_over = True
            await self._send(message)
        if kind == "http.response.start" and _streams(message) and self._tasks is not None:
            self._tasks.start_soon(self._end_early)

    async def _end_early(self) -> None:
        cause = await self._ended()
        if self._is_over:
            return
        self._has_ended = True
        self._on_end(cause)
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
        if isinstance(error, ConnectionEnded):
            return True
        error = error.__cause__ or error.__context__
    return False
