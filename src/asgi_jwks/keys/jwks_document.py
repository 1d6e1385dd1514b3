"""The JWK Set document.

Its URL, the rules by which it counts, and its copy on disk.

One load of a key set is here, from the URL to the keys; when to load is decided elsewhere.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final

import anyio
from anyio import lowlevel, to_thread

from asgi_jwks.caching.cached_value import Loaded
from asgi_jwks.fetching.request import HTTP_OK, DocumentRequest
from asgi_jwks.fetching.response import Representation, entity_tag, freshness_advice
from asgi_jwks.jose.algorithms import signature_check
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.distrust import DistrustedKeys
from asgi_jwks.keys.snapshot import Snapshot, SnapshotRefused

__all__ = ["JWKSDocument"]

_log: Final = logging.getLogger("asgi_jwks.keys")

# Requests may be waiting for the keys; a disk that takes longer than this has to wait instead.
DISK_TIMEOUT: Final = 1.0


class JWKSDocument:
    """Loads a key set.

    Args:
        locate: returns the JWKS URL, which may itself be fetched.
        on_dead_url: is called when the URL did not lead to a key set.
        request: how documents are requested.
        distrusted: the keys that are not trusted; the snapshot keeps their names too.
        snapshot: where a good set is kept for the next start of the process.
        wall_clock: seconds since the epoch.
    """

    def __init__(
        self,
        locate: Callable[[], Awaitable[str]],
        on_dead_url: Callable[[], None],
        *,
        request: DocumentRequest,
        distrusted: DistrustedKeys,
        snapshot: Snapshot | None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        # Imported now, not when the first document has come.
        signature_check("RS256")
        self._locate: Final = locate
        self._on_dead_url: Final = on_dead_url
        self._request: Final = request
        self._distrusted: Final = distrusted
        self._snapshot: Final = snapshot
        self._wall_clock: Final = wall_clock
        # Loads are counted, so that one that ends after a later one is not kept.
        self._loads: Final = count()
        self._newest_kept = -1
        self.url: str | None = None
        """The URL that was asked last; None while it is being located."""

    async def load(
        self, previous: Loaded[JWKSet] | None, /, *, attempts: int, revalidate: bool = False
    ) -> Loaded[JWKSet]:
        """Fetch the set; keys of `previous` that did not change are kept.

        Raises:
            KeySetError: there is no usable key set at the URL, or the URL is unknown.
        """
        self.url = None
        number = next(self._loads)
        await self.learn()
        fetched_at = self._wall_clock()
        self.url = url = await self._locate()
        # A URL that leads to silence is as dead as one that leads to an error.
        cancelled = anyio.get_cancelled_exc_class()
        try:
            loaded = await self._load_from(url, previous, attempts=attempts, revalidate=revalidate)
        except (Exception, cancelled):
            self._on_dead_url()
            raise
        if number > self._newest_kept:
            self._newest_kept = number
            await self._keep(loaded, fetched_at)
        return loaded

    async def learn(self) -> None:
        """Learn which keys other processes were told to distrust, if the snapshot changed."""
        if self._snapshot is None:
            return
        with anyio.move_on_after(DISK_TIMEOUT):
            try:
                news = await to_thread.run_sync(self._snapshot.news, abandon_on_cancel=True)
            except SnapshotRefused as refusal:
                _log.warning("the key set snapshot is not used: %s", refusal)
            else:
                self._distrusted.merge(news)

    async def _load_from(
        self, url: str, previous: Loaded[JWKSet] | None, *, attempts: int, revalidate: bool
    ) -> Loaded[JWKSet]:
        known = None if previous is None else previous.representation
        if not isinstance(known, Representation) or known.url != url:
            previous = known = None
        response = await self._request.get(
            url,
            etag=None if known is None else known.etag,
            attempts=attempts,
            revalidate=revalidate,
        )
        advised, tag = freshness_advice(response), entity_tag(response)
        if (
            previous is not None
            and known is not None
            and (response.status != HTTP_OK or response.body == known.document)
        ):
            # The very same set: tokens verified with its keys stay verified.
            same = Representation(url, known.document, tag or known.etag)
            return Loaded(previous.value, advised, same)
        keys = await _parsed(response.body)
        return Loaded(keys, advised, Representation(url, response.body, tag))

    async def _keep(self, loaded: Loaded[JWKSet], fetched_at: float) -> None:
        snapshot, distrusted = self._snapshot, self._distrusted
        if snapshot is None:
            return
        # Shielded, so that the deadline of the fetch does not make a failure of keys that are here.
        with anyio.move_on_after(DISK_TIMEOUT, shield=True):
            try:
                merged = await to_thread.run_sync(
                    lambda: snapshot.write(
                        loaded, fetched_at=fetched_at, distrusted=distrusted.list
                    ),
                    abandon_on_cancel=True,
                )
            except OSError as error:
                # The keys are good all the same; only the next start has less to begin with.
                _log.warning("the key set snapshot could not be written: %s", error)
            else:
                distrusted.merge(merged)


async def _parsed(document: bytes) -> JWKSet:
    """Parse in slices, so that no document makes the event loop stand still."""
    steps = JWKSet.parse_steps(document)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            keys: JWKSet = end.value
            return keys
        await lowlevel.checkpoint()
