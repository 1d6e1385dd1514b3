"""Persistence of a key set: its snapshot, in step with its distrusted keys.

Here the processes of a host hear of each other, and a process of its predecessor. A disk that fails
or hangs is logged and costs no key. It knows no networks.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from asgi_jwks.caching.source import Loaded
from asgi_jwks.events.key_set import (
    KeySetEvent,
    SnapshotNotUsed,
    SnapshotNotWritten,
    SnapshotRestored,
)
from asgi_jwks.events.log import log_event
from asgi_jwks.events.repeated_lines import RepeatedLines
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.disk import Disk
from asgi_jwks.keys.distrust import DistrustedKeys, KeyName
from asgi_jwks.keys.snapshot import Restored, Snapshot, SnapshotRefused

__all__ = ["Persistence"]

_log: Final = logging.getLogger("asgi_jwks.keys")


class Persistence:
    """The part of a key set that outlives its process.

    Args:
        key_set: the name of the key set, for the log.
        snapshot: the file; None where nothing is kept.
        distrusted: the keys that are not trusted; the snapshot keeps their names too.
        wall_clock: seconds since the epoch.
        tell: hears of what happens to the file.
    """

    def __init__(
        self,
        key_set: str,
        snapshot: Snapshot | None,
        distrusted: DistrustedKeys,
        *,
        wall_clock: Callable[[], float] = time.time,
        tell: Callable[[KeySetEvent], object] = log_event,
    ) -> None:
        self._disk: Final = Disk()
        self._lines: Final = RepeatedLines(time.monotonic)
        self._tell: Final = tell
        self._key_set: Final = key_set
        self._snapshot: Final = snapshot
        self._wall_clock: Final = wall_clock
        self.distrusted: Final = distrusted

    def now(self) -> float:
        """Seconds since the epoch, by which the age of a kept set is counted."""
        return self._wall_clock()

    def restored(self) -> Restored | None:
        """The last good set that was kept, if it may be used.

        Its distrusted keys count anyway. It reads the disk in the calling thread: for construction.
        """
        if self._snapshot is None:
            return None
        try:
            restored = self._snapshot.read()
        except SnapshotRefused as refusal:
            self._log_unused(refusal)
            self.distrusted.merge(refusal.distrusted)
            return None
        if restored is not None:
            self.distrusted.merge(restored.distrusted)
            if restored.loaded is not None:
                self._tell(SnapshotRestored(self._key_set, restored.age))
        return restored

    async def keep(self, loaded: Loaded[JWKSet], *, fetched_at: float) -> None:
        """Keep a set that was fetched at `fetched_at`, in seconds since the epoch."""
        snapshot, distrusted = self._snapshot, self.distrusted
        if snapshot is None:
            return
        try:
            # Shielded, so that the deadline of the fetch does not make a failure of keys that are
            # here.
            merged = await self._disk.run(
                lambda: snapshot.write(loaded, fetched_at=fetched_at, distrusted=distrusted.list),
                shield=True,
            )
        except OSError as error:
            # The keys are good all the same; only the next start has less to begin with.
            _log.warning("%s: the key set snapshot could not be written: %s", self._key_set, error)
            self._tell(SnapshotNotWritten(self._key_set, error))
        else:
            distrusted.merge(merged)

    async def learn(self) -> None:
        """Learn which keys other processes were told to distrust, if the snapshot changed."""
        if self._snapshot is None:
            return
        try:
            news = await self._disk.run(self._snapshot.news)
        except SnapshotRefused as refusal:
            self._log_unused(refusal)
        except TimeoutError as error:
            # Every 30 s.
            if self._lines.due("disk"):
                _log.warning("%s: the key set snapshot is not read: %s", self._key_set, error)
        else:
            self.distrusted.merge(news)

    def say(self, name: KeyName, *, is_distrusted: bool) -> tuple[bool, bool]:
        """Distrust a key, or trust it again; whether that is news, and is kept.

        The file is written before this returns.

        Raises:
            ConfigurationError: too many keys are distrusted.
        """
        snapshot, distrusted = self._snapshot, self.distrusted
        if snapshot is not None:
            # The last word counts: what was said to other processes before comes first.
            with suppress(SnapshotRefused):
                distrusted.merge(snapshot.news())
        is_news = distrusted.say(name, is_distrusted=is_distrusted, now=self._wall_clock())
        if snapshot is None:
            return is_news, False
        try:
            distrusted.merge(snapshot.write_distrusted(distrusted.list))
        except OSError as error:
            _log.error("%s: the key set snapshot could not be written: %s", self._key_set, error)
            self._tell(SnapshotNotWritten(self._key_set, error))
            return is_news, False
        return is_news, True

    def _log_unused(self, refusal: SnapshotRefused) -> None:
        _log.warning("%s: the key set snapshot is not used: %s", self._key_set, refusal)
        self._tell(SnapshotNotUsed(self._key_set, str(refusal)))
