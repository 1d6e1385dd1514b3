"""The last good key set on disk, so that a process can start while the issuer's endpoint is down.

How long a key set is trusted is not known here: a restored one comes with its age. The file holds
public keys, so it needs no secrecy; but whoever can write it decides which tokens are valid,
exactly as whoever can write the program does.
"""

import base64
import binascii
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from asgi_jwks.caching.cached_value import Loaded
from asgi_jwks.errors import InvalidKeySet
from asgi_jwks.fetching.response import Representation, sendable_tag
from asgi_jwks.jose.encoding import EncodingError, json_object
from asgi_jwks.jose.jwk_set import MAX_DOCUMENT_BYTES, JWKSet

__all__ = ["Snapshot", "SnapshotRefused"]

_FORM: Final = 1
# The document in base64 and the few members around it.
_LARGEST_FILE: Final = MAX_DOCUMENT_BYTES * 4 // 3 + 4096
# Clocks of two machines that share the file may differ by this much.
_CLOCK_SKEW: Final = 60.0


class SnapshotRefused(Exception):
    """The file is there but is not used; the message says why. It never leaves this room."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A key set from the file and its age in seconds, counted from its fetch."""

    loaded: Loaded[JWKSet]
    age: float


class Snapshot:
    """One file, shared by all worker processes: each write replaces it whole.

    Args:
        path: the file. Its directory must exist.
        owner: the issuer or URL whose keys these are; a file of another owner is refused.
        wall_clock: seconds since the epoch.
    """

    def __init__(self, path: Path, *, owner: str, wall_clock: Callable[[], float]) -> None:
        self._path: Final = path
        self._owner: Final = owner
        self._wall_clock: Final = wall_clock

    def read(self) -> Restored | None:
        """The key set in the file, or None if there is no file.

        Raises:
            SnapshotRefused: it cannot be read, is not whole, or is not of this owner.
        """
        try:
            with self._path.open("rb") as file:
                data = file.read(_LARGEST_FILE + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SnapshotRefused(f"it cannot be read: {error}") from error
        if len(data) > _LARGEST_FILE:
            raise SnapshotRefused("it is larger than any snapshot")
        try:
            return self._restored(json_object(data))
        except (EncodingError, InvalidKeySet) as error:
            raise SnapshotRefused(str(error)) from error

    def write(self, loaded: Loaded[JWKSet], *, fetched_at: float) -> None:
        """Replace the file; `fetched_at` is the wall-clock time of the fetch.

        Raises:
            OSError: it cannot be written; the file before, if there was one, is whole still.
        """
        source = loaded.representation
        if not isinstance(source, Representation):
            raise TypeError("only a key set that was fetched is kept")
        record = {
            "form": _FORM,
            "owner": self._owner,
            "fetched_at": fetched_at,
            "url": source.url,
            "etag": source.etag,
            "advised": loaded.advised,
            "document": base64.b64encode(source.document).decode(),
        }
        handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(record, file)
            temporary.replace(self._path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise

    def _restored(self, record: dict[str, Any]) -> Restored:
        if record.get("form") != _FORM or record.get("owner") != self._owner:
            raise SnapshotRefused("it is not a snapshot of this key set")
        fetched_at, url, document = (record.get(n) for n in ("fetched_at", "url", "document"))
        etag, advised = record.get("etag"), record.get("advised")
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
        keys = JWKSet.parse(body)
        source = Representation(url, body, sendable_tag(etag))
        return Restored(Loaded(keys, advised, source), age=max(0.0, age))
