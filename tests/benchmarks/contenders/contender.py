"""What a contender is, and the thinnest gate for peers that bring no ASGI middleware.

What lives only here: the contract between the ruler and the adapters.
What it does not know: any peer. It imports none.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Verify = Callable[[str], Awaitable[Mapping[str, object] | None]]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Trust:
    """What every contender is told: whose tokens, for whom, and where the keys are."""

    issuer: str
    audience: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to put bearer authentication in front of an app.

    `wrap` imports the peer and raises ImportError where it is not installed. `wrap_at` also takes
    the wall clock (seconds), for a contender whose clock can be handed in. `counted` says what of
    the peer's stack is measured.
    """

    name: str
    distribution: str | None
    counted: str
    wrap: Callable[[ASGIApp, Trust], ASGIApp]
    wrap_at: Callable[[ASGIApp, Trust, Clock], ASGIApp] | None = None


_REFUSED: Message = {
    "type": "http.response.start",
    "status": 401,
    "headers": [(b"www-authenticate", b'Bearer error="invalid_token"'), (b"content-length", b"0")],
}
_NOTHING: Message = {"type": "http.response.body", "body": b""}


class Gate:
    """The least ASGI that a user could write around a function that verifies a token.

    It shows each peer in its best light: no Starlette Request, no framework, a prebuilt refusal.
    """

    def __init__(self, app: ASGIApp, verify: Verify) -> None:
        self._app = app
        self._verify = verify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, token = value.decode("latin-1").partition(" ")
                claims = await self._verify(token) if scheme.lower() == "bearer" else None
                break
        else:
            claims = None
        if claims is None:
            await send(_REFUSED)
            await send(_NOTHING)
            return
        scope["claims"] = claims
        await self._app(scope, receive, send)
