"""Sending a refusal over http and websocket, before the application sees the connection."""

from typing import Final

from asgi_jwks.asgi.challenge import Refusal
from asgi_jwks.asgi.types import Scope, Send

__all__ = ["POLICY_VIOLATION", "refuse"]

# RFC 6455, section 7.4.1: the connection violates a policy.
POLICY_VIOLATION: Final = 1008


async def refuse(
    refusal: Refusal,
    scope: Scope,
    send: Send,
) -> None:
    """Answer a connection that the application does not get to see."""
    start, content = "http.response.start", "http.response.body"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            # Before `accept`, a server turns this into a handshake answered with 403.
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        start, content = "websocket.http.response.start", "websocket.http.response.body"
    # A list of its own for each answer: middleware outside, such as CORS, adds to it in place.
    await send({"type": start, "status": refusal.status, "headers": [*refusal.headers]})
    # RFC 9110, section 9.3.2: the header section of a GET, without its content.
    body = b"" if scope.get("method") == "HEAD" else refusal.body
    await send({"type": content, "body": body})
