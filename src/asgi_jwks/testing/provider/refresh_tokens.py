"""The refresh tokens that are good, and those that were used up.

A used one that comes back was stolen, or its successor was: all of its family end (RFC 9700,
section 4.14.2).
"""

import threading
from collections.abc import Callable

from asgi_jwks.testing.provider.accounts import Grant

__all__ = ["RefreshTokens"]


class RefreshTokens:
    """Refresh tokens by their text, each with its grant; `clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._grants: dict[str, Grant] = {}
        self._used: dict[str, str] = {}

    def add(self, token: str, grant: Grant) -> None:
        """Let a token be good for a grant."""
        with self._lock:
            self._grants[token] = grant

    def find(self, token: str) -> Grant | None:
        """The grant of a token; None if it is unknown, ended, used up or expired."""
        with self._lock:
            if token in self._used:
                self.end_family(self._used[token])
            grant = self._grants.get(token)
        return None if grant is None or grant.expires_at <= self._clock() else grant

    def use_up(self, token: str) -> None:
        """End a token that gives way to a new one."""
        with self._lock:
            self._used[token] = self._grants.pop(token).family

    def end(self, token: str) -> None:
        """End a token. One that is unknown is ignored (RFC 7009, section 2.2)."""
        with self._lock:
            self._grants.pop(token, None)

    def end_family(self, family: str) -> None:
        """End all tokens that came of one authorization."""
        with self._lock:
            for token in [token for token, grant in self._grants.items() if grant.family == family]:
                del self._grants[token]
