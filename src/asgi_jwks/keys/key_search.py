"""The search for keys that are not at hand, which may cause a fetch.

A token is screened before it may cost a fetch; claims are not known here. The same thing is sought
by one fetch within an interval of the budget, however many tokens ask for it.
"""

from collections.abc import Callable
from typing import Final

from asgi_jwks.caching.freshness import Phase
from asgi_jwks.caching.refresh_ahead import RefreshAhead
from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.keys.distrust import DistrustedKeys
from asgi_jwks.keys.sought import Sought

__all__ = ["KeySearch"]


class KeySearch:
    """Finds keys in a set that is kept fresh.

    Args:
        keys: the set, and its refreshes.
        distrusted: the keys that are never sought.
        interval: seconds for which the cause of a fetch is remembered.
        on_unknown: is called with a key id that a fetch was made for and did not bring.
    """

    def __init__(
        self,
        keys: RefreshAhead[JWKSet],
        distrusted: DistrustedKeys,
        *,
        interval: float,
        on_unknown: Callable[[str | None], None],
    ) -> None:
        self._keys: Final = keys
        self._cached: Final = keys.cached
        self._distrusted: Final = distrusted
        self._on_unknown: Final = on_unknown
        monotonic = keys.cached.monotonic
        self.sought: Final = Sought(interval, monotonic)
        # The same for keys under which a signature failed.
        self._failed_under: Final = Sought(interval, monotonic)
        self._told_of = 0

    async def find(
        self, kid: str | None, algorithm: str, screen: Callable[[], object]
    ) -> VerificationKey:
        """The key of a token, as `RemoteJWKSet.find` has it.

        Raises:
            InvalidToken: `screen` raised it, or no key or several keys fit.
            KeySetError: there are no keys that may be used.
        """
        if self._distrusted.withholds(kid):
            raise InvalidToken(Reason.UNKNOWN_KEY, "its key is distrusted")
        keys = self._keys.at_hand()
        if keys is None:
            if self._cached.phase() in {Phase.EMPTY, Phase.EXPIRED}:
                screen()
            keys = await self._keys.current()
        try:
            return keys.select(kid, algorithm)
        except InvalidToken as refusal:
            if refusal.reason is not Reason.UNKNOWN_KEY:
                raise
            unknown = refusal
        try:
            screen()
        except InvalidToken:
            # Nobody has vouched for its claims: what is wrong with them is not said.
            raise unknown from None
        fetches = self._cached.fetches
        certain = await self._keys.refetched(
            self.sought.since((kid, algorithm)),
            lambda keys: keys.find(kid, algorithm) is not None,
        )
        keys = self._cached.usable()
        refetched = certain and self._told_of < self._cached.fetches != fetches
        if refetched and keys.find(kid, algorithm) is None:
            # One event for each refetch, however many key ids waited for it.
            self._told_of = self._cached.fetches
            self._on_unknown(kid)
        return keys.select(kid, algorithm)

    def can_find_more(self) -> bool:
        """Whether `find` would wait, fetch or schedule a refresh for an unknown key.

        Only a token that was screened may have a refresh scheduled; one is enough for all.
        """
        return self._keys.can_refetch() or not self._cached.freshness.is_refresh_scheduled()

    def can_replace(self, key: VerificationKey) -> bool:
        """Whether a signature that does not fit `key` may cause or join a fetch."""
        if self._keys.is_refreshing():
            return True
        return self._keys.can_refetch() and not self._failed_under.remembers(key.thumbprint)

    async def replacement_for(self, key: VerificationKey, algorithm: str) -> VerificationKey | None:
        """Another key under the key id of `key`, if one refetch finds it."""

        def newer(keys: JWKSet) -> VerificationKey | None:
            found = keys.find(key.kid, algorithm)
            return None if found is None or found.thumbprint == key.thumbprint else found

        await self._keys.refetched(
            self._failed_under.since(key.thumbprint),
            lambda keys: newer(keys) is not None,
        )
        return newer(self._cached.usable())
