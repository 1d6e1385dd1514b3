"""The questions to a resolver of tenants, as frozen values.

Questions to it have a budget, and so have these. None has the name that was asked about.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from asgi_jwks.errors import KeySetUnavailable
from asgi_jwks.events.event import Event

__all__ = [
    "RESOLVER_ERROR_TYPES",
    "Resolution",
    "ResolverAnswered",
    "ResolverBudgetSpent",
    "ResolverEvent",
    "ResolverFailed",
    "ResolverMistaken",
]


class Resolution(StrEnum):
    """The answer of a resolver to one question."""

    FOUND = "found"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ResolverEvent(Event):
    """Something happened to the resolver of issuers."""


@dataclass(frozen=True, slots=True)
class ResolverAnswered(ResolverEvent):
    """It answered within so many seconds.

    With an issuer (`found`), with None (`unknown`), or with a RequestError of its own (`refused`).
    """

    resolution: Resolution
    seconds: float = field(default=0.0, compare=False)


RESOLVER_ERROR_TYPES: Final = ("timeout", "_other")
"""The kinds of errors of a resolver: no answer in time, and whatever it raised."""


@dataclass(frozen=True, slots=True)
class ResolverFailed(ResolverEvent):
    """It raised, or did not answer in time; its last answers serve meanwhile.

    `seconds` is how long that took.
    """

    error: Exception
    seconds: float = field(default=0.0, compare=False)

    @property
    def error_type(self) -> str:
        """The kind of error, of a closed set, for metrics: see RESOLVER_ERROR_TYPES."""
        return "timeout" if type(self.error) is KeySetUnavailable else "_other"


@dataclass(frozen=True, slots=True)
class ResolverMistaken(ResolverEvent):
    """Its answer is not used; `mistake` is a sentence of ours that says why."""

    mistake: str
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class ResolverBudgetSpent(ResolverEvent):
    """Names of strangers have used up the questions to the resolver.

    Names that are not known get 401 meanwhile. It is told once, until a question can be paid for
    again.
    """
