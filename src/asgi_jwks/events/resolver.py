"""The failures of a resolver of tenants, as frozen values.

Questions to it have a budget, and so have these.
"""

from dataclasses import dataclass

from asgi_jwks.events.event import Event

__all__ = ["ResolverEvent", "ResolverFailed", "ResolverMistaken"]


@dataclass(frozen=True, slots=True)
class ResolverEvent(Event):
    """Something happened to the resolver of issuers."""


@dataclass(frozen=True, slots=True)
class ResolverFailed(ResolverEvent):
    """It raised, or did not answer in time; its last answers serve meanwhile."""

    error: Exception


@dataclass(frozen=True, slots=True)
class ResolverMistaken(ResolverEvent):
    """Its answer is not used; `mistake` is a sentence of ours that says why."""

    mistake: str
