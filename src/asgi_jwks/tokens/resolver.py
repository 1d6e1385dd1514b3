"""Issuers that are known by asking, for APIs whose tenants each have their own.

The meaning of an answer and of a failure is decided here; `caching` decides how often the
application is asked and how long its answers are kept. It knows neither how tenants are found nor
how keys are fetched.
"""

import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from asgi_jwks._printable import printable
from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.kept_answers import DEFAULT_PERIOD, KeyedPeriod
from asgi_jwks.caching.keyed import KeyedValues
from asgi_jwks.errors import RequestError
from asgi_jwks.events.event import Listener, Listeners, add_listener_to
from asgi_jwks.events.key_set import KeySetEvent
from asgi_jwks.events.repeated_lines import RepeatedLines
from asgi_jwks.events.requests import OTHER_ISSUER
from asgi_jwks.events.resolver import (
    Resolution,
    ResolverAnswered,
    ResolverBudgetSpent,
    ResolverEvent,
    ResolverFailed,
    ResolverMistaken,
)
from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.issuers import MOST_RESOLVED, Issuer
from asgi_jwks.tokens.resolved_issuer import (
    OTHER_MEMORY,
    SharedProofMemory,
    mistake_in,
    with_keys_at_hand,
)

__all__ = ["IssuerResolver", "ResolvedIssuers"]

_log: Final = logging.getLogger("asgi_jwks.tokens")

# An issuer identifier is a URL; longer ones are not even asked for.
LONGEST_ISSUER: Final = 2048

# Requirement F24: names of strangers may cause a hundred questions at once, and one more each
# second. A question about a name that turns out to be a tenant's is given back.
STRANGERS: Final = Budget(burst=100, interval=1.0)

IssuerResolver = Callable[[str], Awaitable[Issuer | None]]
"""`await resolver(iss)`: the trusted issuer of that name, or None where there is none.

Anybody can make it be called with any text, so it should look at the form of the name before it
asks a database. An exception, and no answer within 5 s, count as an outage: the answer is 503
unless the last answer about that name still serves. The issuer must state its `grants`, so that no
tenant can grant what only the platform may. DPoP objects that are made anew with each answer share
the memory of used proofs of the first; those with another `replay_store` are not used.
"""


class ResolvedIssuers:
    """The issuers that a resolver has answered with.

    Args:
        resolver: the application's callable.
        period: how long its answers are kept, and how long it may take.
        budget: pays for questions about names that it has not vouched for.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        resolver: IssuerResolver,
        *,
        period: KeyedPeriod = DEFAULT_PERIOD,
        budget: Budget = STRANGERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver: Final = resolver
        self._reports: Final = RepeatedLines(clock)
        self._proofs: Final = SharedProofMemory()
        self._clock: Final = clock
        self._listeners: Final = Listeners(_log)
        self._answered_at: float | None = None
        self._answers: Final = KeyedValues[Issuer](
            self._ask,
            source="the issuer resolver",
            merge=with_keys_at_hand,
            budget=budget,
            on_failure=self._report_failure,
            on_spent=self._report_spent,
            size=MOST_RESOLVED,
            period=period,
            clock=clock,
        )

    def add_listener(self, listener: Listener) -> None:
        """Have a listener hear of questions, and of the answers' key sets under "_other"."""
        self._listeners.add(listener)

    def known(self, name: str) -> Issuer | None:
        """The issuer of this name if the resolver named it lately."""
        return self._answers.known(name)

    def all(self) -> list[Issuer]:
        """The issuers that may have keys in use."""
        return self._answers.values()

    def age(self) -> float | None:
        """Seconds since it answered last, whatever it said; None where it has not."""
        at = self._answered_at
        return None if at is None else self._clock() - at

    async def resolve(self, name: str) -> Issuer | None:
        """Ask the resolver, unless its answer is known or its budget for strangers is spent.

        Raises:
            RequestError: the resolver raised it.
            KeySetUnavailable: it failed, and has not named this issuer lately.
        """
        return await self._answers.get(name) if len(name) <= LONGEST_ISSUER else None

    async def aclose(self) -> None:
        """Cancel the questions that are in progress in this event loop."""
        await self._answers.aclose()

    async def _ask(self, name: str) -> Issuer | None:
        began = self._clock()
        try:
            answer: Any = self._resolver(name)
            if inspect.isawaitable(answer):
                answer = await answer
        except RequestError:
            self._answered(Resolution.REFUSED, began)
            raise
        if answer is None:
            self._answered(Resolution.UNKNOWN, began)
            return None
        rules = getattr(answer, "rules", None)
        if isinstance(answer, type) or not isinstance(rules, TokenRules):
            raise TypeError(f"the issuer resolver must return a TrustedIssuer or None: {answer!r}")
        mistake = mistake_in(rules, answer.keys, name)
        issuer = None if mistake is not None else self._proofs.given_to(answer)
        if issuer is None:
            self._report_mistake(name, mistake or OTHER_MEMORY, self._clock() - began)
            return None
        self._answered(Resolution.FOUND, began)
        for listener in self._listeners:
            add_listener_to(issuer.keys, _OfATenant(listener))
            add_listener_to(issuer.binding, listener)
        return issuer

    def _answered(self, resolution: Resolution, began: float) -> None:
        self._answered_at = now = self._clock()
        self._tell(ResolverAnswered(resolution, now - began))

    def _report_mistake(self, name: str, mistake: str, seconds: float) -> None:
        count = self._reports.due(mistake)
        if count:
            _log.error(
                "the issuer resolver's answer for '%s' is not used: %s (count: %d)",
                printable(name),
                mistake,
                count,
            )
        self._tell(ResolverMistaken(mistake, seconds))

    def _report_failure(self, error: Exception, seconds: float) -> None:
        count = self._reports.due("failure")
        if count:
            _log.error("the issuer resolver failed (count: %d)", count, exc_info=error)
        self._tell(ResolverFailed(error, seconds))

    def _report_spent(self) -> None:
        self._tell(ResolverBudgetSpent())

    def _tell(self, event: ResolverEvent) -> None:
        self._listeners(event)


@dataclass(frozen=True, slots=True)
class _OfATenant:
    """Tells a listener of a tenant's key set, without the tenant's name."""

    listener: Listener

    def __call__(self, event: KeySetEvent) -> None:
        self.listener(replace(event, key_set=OTHER_ISSUER))
