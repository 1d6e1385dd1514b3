"""The JWK Set document: where it is, what it must be to count, and its copy on disk.

What lives only here: one load of a key set, from the URL to the keys. What it does not know: when
to load, who waits for it, and what its keys are used for.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from anyio import to_thread

from asgi_jwks.caching.fetched import Fetched
from asgi_jwks.fetching.request import HTTP_OK, Endpoint
from asgi_jwks.fetching.response import entity_tag, freshness_advice
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.snapshot import Snapshot

__all__ = ["KeySetDocument"]

_log: Final = logging.getLogger("asgi_jwks.keys")

# Requests may be waiting for the keys; a disk that takes longer than this can have them next time.
_WRITING_PATIENCE: Final = 1.0


class KeySetDocument:
    """Loads a key set.

    Args:
        locate: returns the JWKS URL, which may itself be fetched.
        doubt: is called when the URL did not lead to a key set.
        endpoint: fetches documents.
        snapshot: where a good set is kept for the next start of the process.
    """

    def __init__(
        self,
        locate: Callable[[], Awaitable[str]],
        doubt: Callable[[], None],
        *,
        endpoint: Endpoint,
        snapshot: Snapshot | None,
    ) -> None:
        self._locate: Final = locate
        self._doubt: Final = doubt
        self._endpoint: Final = endpoint
        self._snapshot: Final = snapshot

    async def load(self, previous: Fetched[JWKSet] | None, attempts: int) -> Fetched[JWKSet]:
        """Fetch the set; the keys of `previous` are kept as they are if they did not change.

        Raises:
            KeySetError: there is no usable key set at the URL, or the URL is not to be had.
        """
        fetched_at = time.time()
        url = await self._locate()
        # A URL that leads to silence is as doubtful as one that leads to an error.
        cancelled = anyio.get_cancelled_exc_class()
        try:
            fetched = await self._load_from(url, previous, attempts)
        except (Exception, cancelled):
            self._doubt()
            raise
        if self._snapshot is not None:
            await self._keep(self._snapshot, fetched, fetched_at)
        return fetched

    async def _load_from(
        self, url: str, previous: Fetched[JWKSet] | None, attempts: int
    ) -> Fetched[JWKSet]:
        before = previous if previous is not None and previous.url == url else None
        etag = before.etag if before is not None else None
        answer = await self._endpoint.get(url, etag=etag, attempts=attempts)
        advised = freshness_advice(answer)
        if before is not None and (answer.status != HTTP_OK or answer.body == before.document):
            # The very same set: tokens verified with its keys stay verified.
            new_etag = entity_tag(answer) or before.etag
            return Fetched(before.value, url, before.document, new_etag, advised)
        keys = JWKSet.parse(answer.body)
        return Fetched(keys, url, answer.body, entity_tag(answer), advised)

    @staticmethod
    async def _keep(snapshot: Snapshot, fetched: Fetched[JWKSet], fetched_at: float) -> None:
        # Shielded, so that the deadline of the fetch does not make a failure of keys that are here.
        with anyio.move_on_after(_WRITING_PATIENCE, shield=True):
            try:
                await to_thread.run_sync(
                    lambda: snapshot.write(fetched, fetched_at=fetched_at), abandon_on_cancel=True
                )
            except OSError as error:
                # The keys are good all the same; only the next start has less to begin with.
                _log.warning("the key set snapshot could not be written: %s", error)
