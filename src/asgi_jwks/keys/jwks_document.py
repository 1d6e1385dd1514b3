"""The JWK Set document, and the rules by which it counts.

One load of a key set is here, from the URL to the keys; when to load is decided elsewhere.
"""

from itertools import count
from typing import Final

import anyio
from anyio import lowlevel

from asgi_jwks.caching.source import Loaded
from asgi_jwks.errors import InvalidKeySet
from asgi_jwks.fetching.request import HTTP_OK, DocumentRequest
from asgi_jwks.fetching.response import (
    Representation,
    clock_ahead,
    entity_tag,
    freshness_advice,
)
from asgi_jwks.jose.algorithms import signature_check
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.location import Location
from asgi_jwks.keys.persistence import Persistence

__all__ = ["JWKSDocument"]


class JWKSDocument:
    """Loads a key set.

    Args:
        owner: the issuer, or the URL where no issuer is known.
        location: where it is.
        request: how documents are requested.
        kept: where a good set is kept for the next start of the process.
    """

    def __init__(
        self, owner: str, location: Location, *, request: DocumentRequest, kept: Persistence
    ) -> None:
        # Imported now, not when the first document has come.
        signature_check("RS256")
        self._owner: Final = owner
        self._location: Final = location
        self._request: Final = request
        self._kept: Final = kept
        # Loads are counted, so that one that ends after a later one is not kept.
        self._loads: Final = count()
        self._newest_kept = -1
        self._url: str | None = None
        self.clock_ahead: float | None = None
        """Seconds by which the wall clock was ahead of the endpoint's, when it answered last."""

    @property
    def asked(self) -> str:
        """The URL that was asked last: of the keys, or of the way to them."""
        return self._url or self._location.asked

    async def load(
        self, previous: Loaded[JWKSet] | None, /, *, attempts: int, revalidate: bool = False
    ) -> Loaded[JWKSet]:
        """Fetch the set; keys of `previous` that did not change are kept.

        Raises:
            KeySetError: there is no usable key set at the URL, or the URL is unknown.
        """
        self._url = None
        number = next(self._loads)
        await self._kept.learn()
        fetched_at = self._kept.now()
        self._url = url = await (
            self._location.revalidated() if revalidate else self._location.url()
        )
        # A URL that leads to silence is as dead as one that leads to an error.
        cancelled = anyio.get_cancelled_exc_class()
        try:
            loaded = await self._load_from(url, previous, attempts=attempts, revalidate=revalidate)
        except (Exception, cancelled):
            self._location.mark_dead()
            raise
        if number > self._newest_kept:
            self._newest_kept = number
            await self._kept.keep(loaded, fetched_at=fetched_at)
        return loaded

    async def _load_from(
        self, url: str, previous: Loaded[JWKSet] | None, *, attempts: int, revalidate: bool
    ) -> Loaded[JWKSet]:
        known = None if previous is None else previous.representation
        if not isinstance(known, Representation) or known.url != url:
            previous = known = None
        asked_at = self._kept.now()
        response = await self._request.get(
            url,
            etag=None if known is None else known.etag,
            attempts=attempts,
            revalidate=revalidate,
        )
        answered_at = self._kept.now()
        self.clock_ahead = clock_ahead(response, asked_at=asked_at, answered_at=answered_at)
        advised, tag = freshness_advice(response), entity_tag(response)
        if (
            previous is not None
            and known is not None
            and (response.status != HTTP_OK or response.body == known.document)
        ):
            # The very same set: tokens verified with its keys stay verified.
            same = Representation(url, known.document, tag or known.etag)
            return Loaded(previous.value, advised, same)
        try:
            keys = await _parsed(response.body, self._owner)
        except InvalidKeySet as error:
            # Requirement F22: whoever reads it wants to know which address answered so.
            raise InvalidKeySet(f"{url}: {error}") from error.__cause__
        return Loaded(keys, advised, Representation(url, response.body, tag))


async def _parsed(document: bytes, owner: str) -> JWKSet:
    """Parse in slices, so that no document makes the event loop stand still."""
    steps = JWKSet.parse_steps(document, issuer=owner)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            keys: JWKSet = end.value
            return keys
        await lowlevel.checkpoint()
