"""The location of a key set: a URL that was given or discovered.

It does not know what is at the URL.
"""

from collections.abc import Callable
from typing import Final, Protocol

from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.freshness import TrustPeriod
from asgi_jwks.caching.refresh_ahead import RefreshAhead
from asgi_jwks.keys.discovery import Metadata

__all__ = ["DiscoveredURL", "GivenURL", "Location"]


class Location(Protocol):
    """Where a key set is."""

    @property
    def asked(self) -> str:
        """The URL that leads to the keys, for messages while their own is not known."""
        ...

    async def url(self) -> str:
        """The URL of the keys.

        Raises:
            KeySetError: it is not known.
        """
        ...

    async def revalidated(self) -> str:
        """The URL of the keys as the issuer names it after this call.

        Raises:
            KeySetError: the issuer could not be asked.
        """
        ...

    def mark_dead(self) -> None:
        """The URL did not lead to a key set."""

    async def aclose(self) -> None:
        """Cancel whatever is in progress in this event loop."""


class GivenURL:
    """The location that an application was configured with."""

    def __init__(self, url: str) -> None:
        self.asked: Final = url

    async def url(self) -> str:
        """The URL that was given."""
        return self.asked

    async def revalidated(self) -> str:
        """The same: nobody else is asked for it."""
        return self.asked

    def mark_dead(self) -> None: ...
    async def aclose(self) -> None: ...


class DiscoveredURL:
    """The `jwks_uri` of the issuer's metadata document, which is kept fresh as the keys are.

    Args:
        metadata: fetches the document.
        period: how long its word is trusted.
        clock: as the keys have it.
    """

    def __init__(
        self, metadata: Metadata, period: TrustPeriod, *, clock: Callable[[], float]
    ) -> None:
        self._metadata: Final = metadata
        self._cached: Final = CachedValue[str](period, clock=clock)
        self._kept_fresh: Final = RefreshAhead(
            metadata.load, self._cached, source=lambda: metadata.url
        )

    @property
    def asked(self) -> str:
        """The URL of the metadata that was asked last."""
        return self._metadata.url

    async def url(self) -> str:
        """The `jwks_uri`; a failing endpoint delays it little where the last one may be used.

        Raises:
            KeySetError: there is no metadata that may be used.
        """
        return await self._kept_fresh.refreshed_if_due()

    async def revalidated(self) -> str:
        """The `jwks_uri` of a document whose fetch began after this call.

        An issuer may have moved its keys because the old place is not its own any more, so nothing
        is asked there on the word of an older document.

        Raises:
            KeySetError: that fetch failed.
        """
        await self._kept_fresh.refresh()
        return self._cached.usable()

    def mark_dead(self) -> None:
        """The document may be outdated: it is fetched anew before the keys are."""
        self._cached.mark_due()

    async def aclose(self) -> None:
        """Cancel this event loop's fetch of the document."""
        await self._kept_fresh.aclose()
