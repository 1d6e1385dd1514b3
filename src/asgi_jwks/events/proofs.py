"""The uses of DPoP proofs and the answers of their store, as frozen values.

They have nothing of a proof in them: neither its key nor its `jti`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from asgi_jwks.errors import ReplayStoreUnavailable
from asgi_jwks.events.event import Event

__all__ = [
    "STORE_ERROR_TYPES",
    "ProofEvent",
    "ProofUse",
    "ProofUsed",
    "ReplayStoreAnswered",
    "ReplayStoreFailed",
]


class ProofUse(StrEnum):
    """The outcome of asking whether a good proof was used before."""

    FIRST = "first"
    REPLAYED = "replayed"
    SHARE_SPENT = "share_spent"
    MEMORY_FULL = "memory_full"
    STORE_FAILED = "store_failed"


@dataclass(frozen=True, slots=True)
class ProofEvent(Event):
    """Something is known of the memory of used DPoP proofs."""


@dataclass(frozen=True, slots=True)
class ProofUsed(ProofEvent):
    """A good proof was looked up, and noted if it is new.

    Of the uses, `first` alone is let through; `replayed` is answered with 401, `share_spent` with
    429, `memory_full` and `store_failed` with 503.
    """

    use: ProofUse


@dataclass(frozen=True, slots=True)
class ReplayStoreAnswered(ProofEvent):
    """The store of several workers answered, within so many seconds."""

    seconds: float = field(compare=False)


STORE_ERROR_TYPES: Final = ("timeout", "unavailable", "_other")
"""The kinds of errors of a store.

No answer in time; ReplayStoreUnavailable that the store raised itself, such as one that has lost
its memory; and whatever else it raised.
"""


@dataclass(frozen=True, slots=True)
class ReplayStoreFailed(ProofEvent):
    """The store raised, or did not answer in time; `seconds` is how long that took.

    `error_type` is one of STORE_ERROR_TYPES. With `on_store_failure="local"` the request goes on by
    the memory of the process.
    """

    error: ReplayStoreUnavailable
    error_type: str
    seconds: float = field(compare=False)
