"""The questions to a RemoteJWKSet in time that jumps: look-ups, screens, and waiting."""

from collections.abc import Awaitable, Callable
from itertools import count

import anyio
import anyio.lowlevel
import pytest

from asgi_jwks.errors import InvalidToken, KeySetUnavailable, Reason
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.keys.remote import RemoteJWKSet

__all__ = [
    "background",
    "is_refused",
    "look_up",
    "passes",
    "refusal_of",
    "refusal_or_key",
    "seconds",
    "ticking",
    "warm",
]


def ticking() -> Callable[[], float]:
    """A clock that, like any real one, has moved on a little whenever it is looked at."""
    ticks = count()
    return lambda: anyio.current_time() + next(ticks) * 1e-6


def passes() -> None:
    """A screen for tokens that would be accepted."""


def is_refused() -> None:
    """A screen for tokens that would be refused anyway."""
    raise InvalidToken(Reason.EXPIRED)


async def look_up(keys: RemoteJWKSet, kid: str | None) -> VerificationKey:
    return await keys.find(kid, "ES256", passes)


async def refusal_of(keys: RemoteJWKSet, kid: str | None) -> Reason:
    with pytest.raises(InvalidToken) as refused:
        await look_up(keys, kid)
    return refused.value.reason


async def warm(keys: RemoteJWKSet) -> None:
    """Have keys at hand that were fetched a second ago."""
    await keys.warm()
    await anyio.sleep(1)


async def seconds(of: Callable[[], Awaitable[object]]) -> float:
    start = anyio.current_time()
    await of()
    return anyio.current_time() - start


async def background() -> None:
    """Let what was started in the background come to its end."""
    await anyio.sleep(0.5)


async def refusal_or_key(keys: RemoteJWKSet, kid: str) -> None:
    with pytest.raises(KeySetUnavailable):
        await look_up(keys, kid)
