"""A file of the last good key set and the distrusted keys, for restarts.

How long a key set is trusted is not known here: a restored one comes with its age. The file holds
public keys, so it needs no secrecy; but whoever can write it decides which tokens are valid, as
whoever can write the program does. So it must be the file of this process's user alone.
"""

import base64
import binascii
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from asgi_jwks.caching.source import Loaded
from asgi_jwks.errors import ConfigurationError, InvalidKeySet
from asgi_jwks.fetching.response import Representation, sendable_tag
from asgi_jwks.jose.encoding import EncodingError, json_object
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.usable_keys import MAX_DOCUMENT_BYTES
from asgi_jwks.keys.directory_lock import directory_locked
from asgi_jwks.keys.distrust import DistrustList
from asgi_jwks.keys.private_file import FileRefused, PrivateFile

__all__ = ["Restored", "Snapshot", "SnapshotRefused", "require_snapshot_path"]

# A program that does not know the list of distrusted keys must not use the file: form 1 had none.
_FORMS: Final = (1, 2)
# The document in base64, the list of distrusted keys, and the few members around them.
_LARGEST_FILE: Final = MAX_DOCUMENT_BYTES * 4 // 3 + 1024 * 1024
# Clocks of two machines that share the file may differ by this much.
_CLOCK_SKEW: Final = 60.0


class SnapshotRefused(Exception):
    """The file is there but its keys are not used; the message says why.

    `distrusted` is its list of distrusted keys, which counts all the same. It never leaves this
    room.
    """

    distrusted = DistrustList()


@dataclass(frozen=True, slots=True)
class Restored:
    """The content of the file: a key set, its age in seconds, and the list.

    `loaded` is None where keys were distrusted before any set was fetched.
    """

    loaded: Loaded[JWKSet] | None
    age: float
    distrusted: DistrustList


class Snapshot:
    """One file, shared by all worker processes: each write replaces it whole.

    Args:
        path: the file. Its directory must exist.
        owner: the issuer or URL whose keys these are; a file of another owner is refused.
        wall_clock: seconds since the epoch.
    """

    def __init__(self, path: Path, *, owner: str, wall_clock: Callable[[], float]) -> None:
        self._file: Final = PrivateFile(path, largest=_LARGEST_FILE)
        self._directory: Final = path.parent
        self._owner: Final = owner
        self._wall_clock: Final = wall_clock

    def read(self) -> Restored | None:
        """The content of the file, or None if there is no file.

        Raises:
            SnapshotRefused: it cannot be read, is not whole, is not of this owner, or is not a
                regular file that only the effective user can write.
        """
        record = self._record()
        if record is None:
            return None
        distrusted = _distrusted(record)
        try:
            return self._restored(record, distrusted)
        except SnapshotRefused as refusal:
            refusal.distrusted = distrusted
            raise
        except (EncodingError, InvalidKeySet) as error:
            unusable = SnapshotRefused(str(error))
            unusable.distrusted = distrusted
            raise unusable from error

    def news(self) -> DistrustList | None:
        """The list of distrusted keys, if the file has changed since the last look.

        Raises:
            SnapshotRefused: as `read`.
        """
        if not self._file.has_changed():
            return None
        record = self._record()
        return None if record is None else _distrusted(record)

    def write(
        self, loaded: Loaded[JWKSet], *, fetched_at: float, distrusted: DistrustList
    ) -> DistrustList:
        """Replace the file, and return the list that is in it now.

        `fetched_at` is the wall-clock time of the fetch.

        Raises:
            OSError: it cannot be written; the file before, if there was one, is whole still.
        """
        source = loaded.representation
        if not isinstance(source, Representation):
            raise TypeError("only a key set that was fetched is kept")
        fetched = {
            "fetched_at": fetched_at,
            "url": source.url,
            "etag": source.etag,
            "advised": loaded.advised,
            "document": base64.b64encode(source.document).decode(),
        }
        with directory_locked(self._directory):
            return self._replace(fetched, distrusted)

    def write_distrusted(self, distrusted: DistrustList) -> DistrustList:
        """Replace the list in the file, and return the list that is in it now.

        Raises:
            OSError: as `write`.
        """
        with directory_locked(self._directory):
            return self._replace(None, distrusted)

    def _replace(self, fetched: dict[str, Any] | None, distrusted: DistrustList) -> DistrustList:
        try:
            before = self._record() or {}
            merged = distrusted.merged(_distrusted(before))
        except SnapshotRefused:
            before, merged = {}, distrusted
        if fetched is None or self._is_newer(before, fetched["fetched_at"]):
            members = ("fetched_at", "url", "etag", "advised", "document")
            fetched = {name: before.get(name) for name in members}
        record = {
            "form": _FORMS[-1],
            "owner": self._owner,
            **fetched,
            "distrusted": merged.as_json(),
        }
        self._file.replace(json.dumps(record))
        return merged

    def _is_newer(self, record: dict[str, Any], fetched_at: float) -> bool:
        """Whether the set in the file was fetched later, by another loop or process."""
        other = record.get("fetched_at")
        return isinstance(other, float) and fetched_at < other <= self._wall_clock()

    def _record(self) -> dict[str, Any] | None:
        try:
            content = self._file.read()
            if content is None:
                return None
            record = json_object(content)
        except (FileRefused, EncodingError) as error:
            raise SnapshotRefused(str(error)) from error
        if record.get("form") not in _FORMS or record.get("owner") != self._owner:
            raise SnapshotRefused("it is not a snapshot of this key set")
        return record

    def _restored(self, record: dict[str, Any], distrusted: DistrustList) -> Restored:
        fetched_at, url, document = (record.get(n) for n in ("fetched_at", "url", "document"))
        etag, advised = record.get("etag"), record.get("advised")
        if record.get("form") != 1 and document is None:
            return Restored(None, 0.0, distrusted)
        # `write` writes times as floats; an integer might be too long to be subtracted from.
        if (
            not isinstance(fetched_at, float)
            or not isinstance(url, str)
            or not isinstance(document, str)
            or not isinstance(etag, str | None)
            or not isinstance(advised, float | None)
        ):
            raise SnapshotRefused("a member of it is missing or of the wrong type")
        age = self._wall_clock() - fetched_at
        if age < -_CLOCK_SKEW:
            raise SnapshotRefused("it comes from the future")
        try:
            body = base64.b64decode(document, validate=True)
        except (binascii.Error, ValueError):
            raise SnapshotRefused("its document is not base64") from None
        keys = JWKSet.parse(body, issuer=self._owner)
        source = Representation(url, body, sendable_tag(etag))
        return Restored(Loaded(keys, advised, source), max(0.0, age), distrusted)


def require_snapshot_path(path: object) -> None:
    """Refuse anything but the path of a file. Raises ConfigurationError."""
    if not isinstance(path, str | os.PathLike) or "\0" in str(path):
        raise ConfigurationError(
            f'snapshot must be the path of a file, such as "keys.json"; got {path!r}.'
        )


def _distrusted(record: dict[str, Any]) -> DistrustList:
    distrusted = DistrustList.from_json(record.get("distrusted", []))
    if distrusted is None:
        raise SnapshotRefused("its list of distrusted keys is not such a list")
    return distrusted
