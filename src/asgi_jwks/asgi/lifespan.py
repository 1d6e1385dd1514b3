"""The application's lifespan, with the keys kept fresh meanwhile.

Servers and applications without lifespan do without it: then requests themselves keep the keys
fresh.
"""

from asgi_jwks.asgi.authentication import Authentication
from asgi_jwks.asgi.types import ASGIApp, Message, Receive, Scope, Send
from asgi_jwks.errors import KeySetError

__all__ = ["run_with_keys"]


async def run_with_keys(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, authentication: Authentication
) -> None:
    """Warm the keys, run the application's lifespan, and leave nothing running behind it.

    Keys that are unavailable do not stop the application from starting unless they are required;
    it answers 503 until they are there. Warming takes no longer than the `timeout` of a fetch.

    Raises:
        KeySetError: the keys are required and unavailable; the server has been told.
    """
    first: Message | None = await receive()

    async def receive_from_the_first() -> Message:
        nonlocal first
        if first is None:
            return await receive()
        message, first = first, None
        return message

    started = False
    running = authentication.verifier.running(require_keys=authentication.require_keys_at_startup)
    try:
        async with running:
            started = True
            await app(scope, receive_from_the_first, send)
    except KeySetError as error:
        if not started:
            message = f"asgi-jwks: the issuer's keys are unavailable: {error}"
            await send({"type": "lifespan.startup.failed", "message": message})
        # As Starlette does: its TestClient takes a lifespan that just ends for a start.
        raise
