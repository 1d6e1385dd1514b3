"""Trusted issuers that are known only by asking: for APIs whose tenants each have their own.

What lives only here: how long a resolver's answers are kept, and what its failures mean. What it
does not know: how the application finds its tenants, and how their keys are had.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from cachetools import TTLCache

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.errors import KeySetError, KeySetUnavailable, RequestError
from asgi_jwks.tokens.issuers import Issuer

__all__ = ["IssuerResolver", "ResolvedIssuers"]

_log: Final = logging.getLogger("asgi_jwks.tokens")

REMEMBERED: Final = 1024
# An answer is asked for anew after this, so that an ended tenancy ends here too.
RESOLVED_FOR: Final = 300.0
# While the resolver fails, its last answer serves for this long after it was given, as keys do.
SERVES_FOR: Final = 4200.0
# A tenant may be created at any moment.
UNKNOWN_FOR: Final = 10.0
# One question a second for each tenant is enough for a resolver that is in trouble.
FAILED_FOR: Final = 1.0
# An issuer identifier is a URL; longer ones are not even asked for.
LONGEST_ISSUER: Final = 2048

IssuerResolver = Callable[[str], Awaitable[Issuer | None]]
"""`await resolver(iss)`: the trusted issuer of that name, or None for one that is not trusted.

Anybody can make it be called with any text, so it should look at the form of the name before it
asks a database. An exception counts as an outage: the answer is 503.
"""


class ResolvedIssuers:
    """What a resolver has answered, kept for a while.

    Args:
        resolver: the application's callable.
        clock: monotonic seconds.
    """

    def __init__(
        self, resolver: IssuerResolver, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver: Final = resolver
        self._current: Final = TTLCache[str, Issuer](REMEMBERED, RESOLVED_FOR, clock)
        self._last: Final = TTLCache[str, Issuer](REMEMBERED, SERVES_FOR, clock)
        self._unknown: Final = TTLCache[str, None](REMEMBERED, UNKNOWN_FOR, clock)
        self._failed: Final = TTLCache[str, None](REMEMBERED, FAILED_FOR, clock)
        self._lock: Final = ForkSafeLock()

    def known(self, name: str) -> Issuer | None:
        """The issuer of this name if the resolver named it lately."""
        with self._lock:
            return self._current.get(name)

    def all(self) -> list[Issuer]:
        """The issuers that may have keys in use."""
        with self._lock:
            return list(self._last.values())

    async def resolve(self, name: str) -> Issuer | None:
        """Ask the resolver, unless it answered "unknown" or failed a moment ago.

        Raises:
            KeySetUnavailable: it failed, and has not named this issuer lately.
        """
        if len(name) > LONGEST_ISSUER:
            return None
        with self._lock:
            if name in self._unknown:
                return None
            failed = name in self._failed
        if failed:
            return self._last_answer(name)
        try:
            issuer = await self._resolver(name)
        except (RequestError, KeySetError):
            raise
        # The application's own code: whatever it raises, it could not tell.
        except Exception:
            _log.exception("the issuer resolver failed")
            with self._lock:
                self._failed[name] = None
            return self._last_answer(name)
        if issuer is not None and issuer.rules.issuer != name:
            _log.error("the issuer resolver returned another issuer than it was asked for")
            issuer = None
        return self._remember(name, issuer)

    def _last_answer(self, name: str) -> Issuer:
        with self._lock:
            last = self._last.get(name)
        if last is None:
            raise KeySetUnavailable("the issuer resolver failed")
        return last

    def _remember(self, name: str, issuer: Issuer | None) -> Issuer | None:
        with self._lock:
            if issuer is None:
                self._unknown[name] = None
                self._last.pop(name, None)
                return None
            # Whoever asked at the same time gets the same one; and one that was made anew from
            # the same configuration does not throw away the keys that are at hand.
            last = self._current.get(name) or self._last.get(name)
            if last is not None and _is_same(last, issuer):
                issuer = last
            self._current[name] = self._last[name] = issuer
            return issuer


def _is_same(last: Issuer, issuer: Issuer) -> bool:
    return (
        last.rules == issuer.rules
        and tuple(last.checks) == tuple(issuer.checks)
        and last.keys.same_source(issuer.keys)
    )
