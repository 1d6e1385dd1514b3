"""The JWK Set document: its URL, the rules by which it counts, and its copy on disk.

One load of a key set is here, from the URL to the keys; when to load is decided elsewhere.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from anyio import to_thread

from asgi_jwks.caching.cached_value import Loaded
from asgi_jwks.fetching.request import HTTP_OK, DocumentRequest
from asgi_jwks.fetching.response import Representation, entity_tag, freshness_advice
from asgi_jwks.jose.algorithms import signature_check
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.snapshot import Snapshot

__all__ = ["JWKSDocument"]

_log: Final = logging.getLogger("asgi_jwks.keys")

# Requests may be waiting for the keys; a disk that takes longer than this has to wait instead.
WRITE_TIMEOUT: Final = 1.0


class JWKSDocument:
    """Loads a key set.

    Args:
        locate: returns the JWKS URL, which may itself be fetched.
        on_dead_url: is called when the URL did not lead to a key set.
        request: how documents are requested.
        snapshot: where a good set is kept for the next start of the process.
    """

    def __init__(
        self,
        locate: Callable[[], Awaitable[str]],
        on_dead_url: Callable[[], None],
        *,
        request: DocumentRequest,
        snapshot: Snapshot | None,
    ) -> None:
        # Imported now, not when the first document has come.
        signature_check("RS256")
        self._locate: Final = locate
        self._on_dead_url: Final = on_dead_url
        self._request: Final = request
        self._snapshot: Final = snapshot
        self.url: str | None = None
        """The URL that was asked last."""

    async def load(
        self, previous: Loaded[JWKSet] | None, /, *, attempts: int, revalidate: bool = False
    ) -> Loaded[JWKSet]:
        """Fetch the set; the keys of `previous` are kept as they are if they did not change.

        Raises:
            KeySetError: there is no usable key set at the URL, or the URL is unknown.
        """
        fetched_at = time.time()
        self.url = url = await self._locate()
        # A URL that leads to silence is as dead as one that leads to an error.
        cancelled = anyio.get_cancelled_exc_class()
        try:
            loaded = await self._load_from(url, previous, attempts=attempts, revalidate=revalidate)
        except (Exception, cancelled):
            self._on_dead_url()
            raise
        if self._snapshot is not None:
            await self._keep(self._snapshot, loaded, fetched_at)
        return loaded

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
        keys = JWKSet.parse(response.body)
        return Loaded(keys, advised, Representation(url, response.body, tag))

    @staticmethod
    async def _keep(snapshot: Snapshot, loaded: Loaded[JWKSet], fetched_at: float) -> None:
        # Shielded, so that the deadline of the fetch does not make a failure of keys that are here.
        with anyio.move_on_after(WRITE_TIMEOUT, shield=True):
            try:
                await to_thread.run_sync(
                    lambda: snapshot.write(loaded, fetched_at=fetched_at), abandon_on_cancel=True
                )
            except OSError as error:
                # The keys are good all the same; only the next start has less to begin with.
                _log.warning("the key set snapshot could not be written: %s", error)
