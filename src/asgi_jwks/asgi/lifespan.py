"""The application's lifespan, with the keys kept fresh meanwhile.

What lives only here: the order of warming, running and ending around the `lifespan` connection.
What it does not know: how keys are kept fresh. Servers and applications without lifespan do
without it: then requests themselves keep the keys fresh.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import anyio

from asgi_jwks.errors import KeySetError
from asgi_jwks.tokens.verifier import AccessTokenVerifier

__all__ = ["run_with_keys"]

_log: Final = logging.getLogger("asgi_jwks.keys")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


async def run_with_keys(
    app: ASGIApp,
    scope: MutableMapping[str, Any],
    receive: Receive,
    send: Send,
    *,
    verifier: AccessTokenVerifier,
    require_keys: bool,
) -> None:
    """Warm the keys, run the application's lifespan, and leave nothing running behind it.

    Keys that cannot be had do not stop the application from starting unless `require_keys`; it
    answers 503 until they can be. Warming takes no longer than the `timeout` of a fetch.

    Raises:
        KeySetError: the keys are required and cannot be had; the server has been told.
    """
    first: Message | None = await receive()

    async def receive_from_the_first() -> Message:
        nonlocal first
        if first is None:
            return await receive()
        message, first = first, None
        return message

    try:
        try:
            await verifier.warm()
        except KeySetError as error:
            if require_keys:
                message = f"asgi-jwks: the issuer's keys cannot be had: {error}"
                await send({"type": "lifespan.startup.failed", "message": message})
                # As Starlette does: its TestClient takes a lifespan that just ends for a start.
                raise
            _log.warning("starting without the issuer's keys: %s", error)
        await _run(lambda: app(scope, receive_from_the_first, send), verifier)
    finally:
        with anyio.CancelScope(shield=True):
            await verifier.aclose()


async def _run(app: Callable[[], Awaitable[None]], verifier: AccessTokenVerifier) -> None:
    """Run the application with its keys kept fresh beside it."""

    async def keep_fresh() -> None:
        try:
            await verifier.keep_fresh()
        # Key sources may be somebody else's: that one fails must not take the application down.
        except Exception:
            _log.exception("the keys are no longer refreshed without requests")

    fault: BaseException | None = None
    cancelled = anyio.get_cancelled_exc_class()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep_fresh)
        try:
            await app()
        except cancelled:
            raise
        # Kept for outside the task group, which would wrap it: it is the application's own.
        except BaseException as error:
            fault = error
        tasks.cancel_scope.cancel()
    if fault is not None:
        raise fault
