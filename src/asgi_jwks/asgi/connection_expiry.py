"""The end of a connection with its access token: a WebSocket, or a streamed response.

A token is judged when a connection begins, and some connections last for days. At the expiry of the
token, leeway included, a WebSocket is closed with 1008 (RFC 6455, section 7.4.1), and a response
without content-length ends, so that the client comes back with a new token. So it is when the token
would not be accepted any more: its key is distrusted or gone, the trust in the keys has lapsed, or
a check refuses it.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio

from asgi_jwks.asgi.endable_connection import EndableConnection
from asgi_jwks.asgi.types import ASGIApp, Scope
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

        await EndableConnection(scope, receive, send, ended=ended, on_end=told).run(app)

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
