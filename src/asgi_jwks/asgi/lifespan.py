"""The application's lifespan, with the keys kept fresh meanwhile.

Servers and applications without lifespan do without it: then requests themselves keep the keys
fresh.
"""

from collections.abc import Callable
from typing import Final

from asgi_jwks.asgi.authentication import Authentication
from asgi_jwks.asgi.types import ASGIApp, Message, Receive, Scope, Send
from asgi_jwks.errors import ConfigurationError, KeySetError

__all__ = ["run_with_keys"]

_LAST: Final = frozenset(
    {"lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed"}
)


async def run_with_keys(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    authentication: Authentication,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Warm the keys, run the application's lifespan, and leave nothing running behind it.

    Keys that are unavailable do not stop the application from starting unless they are required;
    it answers 503 until they are there. Warming takes no longer than the `timeout` of a fetch.

    Args:
        app, scope, receive, send: see ASGI 3.
        authentication: its keys are kept fresh.
        check: raises ConfigurationError where the application must not start.

    Raises:
        ConfigurationError: `check` raised it; the server has been told.
        KeySetError: the keys are required and unavailable; the server has been told.
    """
    messages = _Messages(receive, send)
    await messages.wait_for_the_first()
    try:
        check()
    except ConfigurationError as error:
        await send({"type": "lifespan.startup.failed", "message": f"asgi-jwks: {error}"})
        raise
    started = False
    running = authentication.verifier.running(require_keys=authentication.require_keys_at_startup)
    try:
        async with running:
            started = True
            await app(scope, messages.receive, messages.send)
    except KeySetError as error:
        if not started:
            message = f"asgi-jwks: the issuer's keys are unavailable: {error}"
            await messages.send({"type": "lifespan.startup.failed", "message": message})
        # As Starlette does: its TestClient takes a lifespan that just ends for a start.
        raise
    finally:
        await messages.send_the_last()


class _Messages:
    """The messages between server and application; the last one waits until nothing is running.

    After it, servers do not wait for whoever has more to do: Hypercorn cancels a lifespan that has
    not ended by then, and goes on to serve after a failed start.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._first: Message | None = None
        self._last: Message | None = None

    async def wait_for_the_first(self) -> None:
        """Return when the server begins; the message is kept for the application."""
        self._first = await self._receive()

    async def receive(self) -> Message:
        """The next message of the server."""
        if self._first is not None:
            message, self._first = self._first, None
            return message
        # An application that goes on to receive does not end by itself.
        await self.send_the_last()
        return await self._receive()

    async def send(self, message: Message) -> None:
        """Pass a message of the application on, unless it is the last one."""
        if message["type"] in _LAST:
            self._last = message
        else:
            await self._send(message)

    async def send_the_last(self) -> None:
        """Pass the last message on, if there is one that waits."""
        if self._last is not None:
            message, self._last = self._last, None
            await self._send(message)
