"""Issuers that are known by asking, for APIs whose tenants each have their own.

The form of an answer and the meaning of a failure are decided here; `caching` decides how often
the application is asked and how long its answers are kept. It knows neither how tenants are found
nor how keys are fetched.
"""

import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, runtime_checkable

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
from asgi_jwks.tokens.issuer import Binding
from asgi_jwks.tokens.issuers import MOST_RESOLVED, Check, Issuer
from asgi_jwks.tokens.key_source import KeySource

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


_OTHER_MEMORY: Final = (
    "its dpop remembers used proofs in another store, or by other settings, than the first: a used "
    "proof would pass again. Make one DPoP(...) outside of the resolver and give it to all issuers"
)


@runtime_checkable
class _Remembers(Protocol):
    """A binding that may remember used DPoP proofs."""

    @property
    def memory_of_proofs(self) -> object: ...
    async def check(
        self, claims: Mapping[str, Any], digest: bytes, request: Any, now: float
    ) -> None: ...
    def with_memory_of(self, other: Any) -> "_Remembers | None": ...


@dataclass(frozen=True, slots=True)
class _Tenant:
    """An issuer that was made anew, with the keys at hand of the last one."""

    rules: TokenRules
    keys: KeySource
    binding: Binding | None
    checks: Sequence[Check]


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
        # Used DPoP proofs are remembered by one memory, that of this one: answers come and go.
        self._first_binding: _Remembers | None = None
        self._clock: Final = clock
        self._listeners: Final = Listeners(_log)
        self._answered_at: float | None = None
        self._answers: Final = KeyedValues[Issuer](
            self._ask,
            source="the issuer resolver",
            merge=_with_keys_at_hand,
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
        mistake, binding = _mistake_in(rules, answer.keys, name), answer.binding
        if mistake is None:
            binding = self._with_the_memory(binding)
            if binding is None and answer.binding is not None:
                mistake = _OTHER_MEMORY
        if mistake is not None:
            count = self._reports.due(mistake)
            if count:
                _log.error(
                    "the issuer resolver's answer for '%s' is not used: %s (count: %d)",
                    printable(name),
                    mistake,
                    count,
                )
            self._tell(ResolverMistaken(mistake, self._clock() - began))
            return None
        issuer: Issuer = answer
        if binding is not answer.binding:
            issuer = _Tenant(rules, answer.keys, binding, answer.checks)
        self._answered(Resolution.FOUND, began)
        for listener in self._listeners:
            add_listener_to(issuer.keys, _OfATenant(listener))
            add_listener_to(issuer.binding, listener)
        return issuer

    def _with_the_memory(self, binding: Binding | None) -> Binding | None:
        """The demands of an answer, with the one memory of used proofs.

        None if it has another one.
        """
        if not isinstance(binding, _Remembers) or binding.memory_of_proofs is None:
            return binding
        if self._first_binding is None:
            self._first_binding = binding
        return binding.with_memory_of(self._first_binding)

    def _answered(self, resolution: Resolution, began: float) -> None:
        self._answered_at = now = self._clock()
        self._tell(ResolverAnswered(resolution, now - began))

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


def _mistake_in(rules: TokenRules, keys: object, name: str) -> str | None:
    if rules.issuer != name:
        return "it is another issuer than was asked for"
    # Whoever chooses such a URL chooses which service on this machine gets a GET of which path.
    if getattr(keys, "relies_on_loopback", False) is True:
        return (
            "its keys would be asked for from this machine itself, over plain http, which a tenant "
            "could make use of. Write an https URL, or allow_insecure_http=True if that is meant"
        )
    # Requirement P2: a tenant's provider must not grant what only the platform may.
    if rules.grants is None:
        return (
            "a resolved issuer must state which scopes, roles and permissions its tokens may "
            'grant. Write TrustedIssuer(..., grants=["read:messages"])'
        )
    # Requirement P1: equal subjects of two tenants are two users.
    if rules.identity == "sub":
        return 'identity="sub" would give users of two tenants one name. Leave identity out'
    return None


def _with_keys_at_hand(last: Issuer, new: Issuer) -> Issuer:
    """The new answer, with the last one's keys if they are of the same place."""
    if new.keys is last.keys or not last.keys.same_source(new.keys):
        return new
    if (
        new.rules == last.rules
        and new.binding == last.binding
        and tuple(new.checks) == tuple(last.checks)
    ):
        return last
    return _Tenant(new.rules, last.keys, new.binding, new.checks)
