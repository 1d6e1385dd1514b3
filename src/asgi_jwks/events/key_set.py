"""The changes of a key set's state, as frozen values.

Events are changes of state, never requests, so that no stranger can flood a log.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from asgi_jwks.errors import InvalidKeySet, KeySetError, KeySetUnavailable
from asgi_jwks.events.event import Event
from asgi_jwks.jose.usable_keys import SkippedKey

__all__ = [
    "ERROR_TYPES",
    "BudgetExhausted",
    "KeyDistrusted",
    "KeySetEvent",
    "KeySetExpired",
    "KeySetListener",
    "KeySetRefreshed",
    "KeyTrustedAgain",
    "RefreshFailed",
    "ServingStale",
    "SnapshotNotUsed",
    "SnapshotNotWritten",
    "SnapshotRestored",
    "UnknownKey",
]


@dataclass(frozen=True, slots=True)
class KeySetEvent(Event):
    """Something happened to the key set called `key_set` (its issuer, or its URL)."""

    key_set: str


@dataclass(frozen=True, slots=True)
class KeySetRefreshed(KeySetEvent):
    """A fetch succeeded.

    `added` and `removed` are key ids, as compared with the set before. One that is in both has new
    key material; a key without an id is named by its RFC 7638 thumbprint. `skipped` are the keys of
    the document that are not used. `changed` is whether any of this is other than before. `seconds`
    is how long the fetch took.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    skipped: tuple[SkippedKey, ...]
    changed: bool
    seconds: float = field(default=0.0, compare=False)


ERROR_TYPES: Final = ("timeout", "connection", "answer", "invalid_key_set", "_other")
"""The kinds of errors of a fetch.

No complete answer in time; none at all; one that is not a document; a document that is not a usable
JWK Set; and an error of another kind, such as one in a `fetch` of your own.
"""


@dataclass(frozen=True, slots=True)
class RefreshFailed(KeySetEvent):
    """A fetch failed, for the `failures`-th time in a row; the next in `retry_in` seconds.

    `url` is the one that was asked last, the issuer's metadata included; None where nothing was
    asked. `seconds` is how long the fetch took.
    """

    error: Exception
    failures: int
    retry_in: float
    url: str | None = None
    seconds: float = field(default=0.0, compare=False)

    @property
    def error_type(self) -> str:
        """The kind of error, of a closed set, for metrics: see ERROR_TYPES."""
        error: BaseException | None = self.error
        # A document that no metadata led to has its failure as a cause.
        while isinstance(error, KeySetUnavailable) and isinstance(error.__cause__, KeySetError):
            error = error.__cause__
        if isinstance(error, InvalidKeySet):
            return "invalid_key_set"
        if type(error) is KeySetUnavailable:
            return "timeout"
        if isinstance(error, KeySetUnavailable):
            return "answer" if error.__cause__ is None else "connection"
        return "_other"


@dataclass(frozen=True, slots=True)
class ServingStale(KeySetEvent):
    """The set is past `max_age` and could not be refreshed.

    It serves up to `max_stale` longer.
    """


@dataclass(frozen=True, slots=True)
class KeySetExpired(KeySetEvent):
    """The set is past `max_age + max_stale`: requests get 503 until a fetch succeeds."""


@dataclass(frozen=True, slots=True)
class UnknownKey(KeySetEvent):
    """A refetch for the key id `kid`, which it did not find.

    The key id is escaped and shortened here.
    """

    kid: str


@dataclass(frozen=True, slots=True)
class BudgetExhausted(KeySetEvent):
    """Unknown key ids have used up the refetch budget; a refresh follows when it refills."""


@dataclass(frozen=True, slots=True)
class SnapshotRestored(KeySetEvent):
    """The process began with the set of a snapshot, which was fetched `age` seconds before."""

    age: float


@dataclass(frozen=True, slots=True)
class SnapshotNotUsed(KeySetEvent):
    """The snapshot is not used; `why` names the fault of its file."""

    why: str


@dataclass(frozen=True, slots=True)
class SnapshotNotWritten(KeySetEvent):
    """The last good set, or the list of distrusted keys, could not be kept."""

    error: Exception


@dataclass(frozen=True, slots=True)
class KeyDistrusted(KeySetEvent):
    """An operator distrusts the keys of this key id, or of this thumbprint.

    `is_kept` is whether a snapshot keeps it for the next start of the process.
    """

    kid: str | None
    thumbprint: str | None
    is_kept: bool


@dataclass(frozen=True, slots=True)
class KeyTrustedAgain(KeySetEvent):
    """An operator took such a word back."""

    kid: str | None
    thumbprint: str | None


KeySetListener = Callable[[KeySetEvent], object]
"""A listener of key sets alone; one of all events will do as well."""
