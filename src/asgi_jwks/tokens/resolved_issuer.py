"""The issuer in a resolver's answer: demands on it, and the parts that it shares.

Answers come and go, and two things outlast them: keys at hand, and the memory of used DPoP proofs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.issuer import Binding
from asgi_jwks.tokens.issuers import Check, Issuer
from asgi_jwks.tokens.key_source import KeySource

__all__ = ["OTHER_MEMORY", "SharedProofMemory", "mistake_in", "with_keys_at_hand"]

OTHER_MEMORY: Final = (
    "its dpop remembers used proofs in another store, or by other settings, than the first: a used "
    "proof would pass again. Make one DPoP(...) outside of the resolver and give it to all issuers"
)
"""Of an answer that cannot share the memory of used proofs."""


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
    """An issuer with its keys or its binding exchanged for those that it shares."""

    rules: TokenRules
    keys: KeySource
    binding: Binding | None
    checks: Sequence[Check]


class SharedProofMemory:
    """The memory of used DPoP proofs that all answers share: that of the first."""

    def __init__(self) -> None:
        self._first: _Remembers | None = None

    def given_to(self, issuer: Issuer) -> Issuer | None:
        """The issuer with this memory; None if its own cannot be exchanged for it."""
        binding = issuer.binding
        if not isinstance(binding, _Remembers) or binding.memory_of_proofs is None:
            return issuer
        if self._first is None:
            self._first = binding
        shared = binding.with_memory_of(self._first)
        if shared is None:
            return None
        if shared is binding:
            return issuer
        return _Tenant(issuer.rules, issuer.keys, shared, issuer.checks)


def mistake_in(rules: TokenRules, keys: object, name: str) -> str | None:
    """Why an answer cannot be used, and what to write; None if it can be.

    Args:
        rules: those of the answer.
        keys: its key set.
        name: the issuer that was asked for.
    """
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


def with_keys_at_hand(last: Issuer, new: Issuer) -> Issuer:
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
