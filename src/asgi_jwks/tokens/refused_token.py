"""A refused token, as far as it was read, for the operator's advice.

Neither the token nor its signature is in it, so that it may travel with an exception.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asgi_jwks._printable import quoted
from asgi_jwks.errors import Reason
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuer_names import IssuerNames

__all__ = ["KeysAtHand", "RefusedToken", "listing"]

# A token may have hundreds of values, and a key set as many keys; a person reads a few.
_MOST_LISTED = 4

# Seconds. Below, it may as well be the time that the issuer's answer took.
_CLOCKS_DIFFER = 10.0


@dataclass(frozen=True, slots=True)
class KeysAtHand:
    """The keys of an issuer at the time of a refusal.

    Attributes:
        set: the keys.
        can_ask: whether an unknown key id may be sought now; False while the budget is spent.
        age_of: gives the seconds since they were fetched, or None where they never are.
        clock_of: gives the seconds by which this machine's clock was ahead of the issuer's when it
            answered last, or None where that is not known.
    """

    set: JWKSet
    can_ask: bool = True
    age_of: Callable[[], float | None] = field(default=lambda: None, repr=False)
    clock_of: Callable[[], float | None] = field(default=lambda: None, repr=False)

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms that some of the keys can be used with."""
        return frozenset[str]().union(*(key.algorithms for key in self.set.keys))

    @property
    def clock(self) -> str:
        """The remark on two clocks that differ, for a sentence; nothing where they do not."""
        ahead = self.clock_of()
        if ahead is None or abs(ahead) < _CLOCKS_DIFFER:
            return ""
        where = "ahead of" if ahead > 0 else "behind"
        return f"this machine's clock is {abs(ahead):.0f} s {where} the issuer's by its Date"

    @property
    def origin(self) -> str:
        """Where they are from: a participle and, where they are fetched, how old they are."""
        age = self.age_of()
        return "configured" if age is None else f"fetched {max(age, 0.0):.0f} s ago"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedToken:
    """Everything that is known of a refused token.

    Attributes:
        reason: the rule that it broke.
        detail: the detail of the error; a fixed sentence, or the name of a claim.
        now: seconds since the epoch.
        parts: of how many parts it is.
        header: its header, if that was read.
        claims: its claims, if they were read; None of a token that was accepted before.
        is_signed: whether a trusted key has signed it; if not, anybody may have written it.
        rules: those of the issuer by which it was judged, if one was chosen.
        issuers: the configured issuers.
        keys: the issuer's keys at hand, if there are any.
    """

    reason: Reason
    now: float
    detail: str | None = None
    parts: int = 3
    header: JOSEHeader | None = field(default=None, repr=False)
    claims: Mapping[str, Any] | None = field(default=None, repr=False)
    is_signed: bool = False
    rules: TokenRules | None = field(default=None, repr=False)
    issuers: IssuerNames = field(default_factory=IssuerNames, repr=False)
    keys: KeysAtHand | None = field(default=None, repr=False)

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audiences that are configured for its issuer."""
        return () if self.rules is None else tuple(sorted(self.rules.audiences or ()))

    @property
    def audience(self) -> str | None:
        """One of them, for a sentence."""
        return min(self.audiences, default=None)

    @property
    def audience_claim(self) -> str:
        """The claim that names whom it is for."""
        return "aud" if self.rules is None else self.rules.audience_claim

    def claim(self, name: str) -> object:
        """The value of a claim; None without one, or where the claims were not read."""
        return None if self.claims is None else self.claims.get(name)

    @property
    def unverified(self) -> str:
        """The remark behind a value of the token that anybody may have written."""
        return "" if self.is_signed else " (unverified)"

    def said(self, *values: str) -> str:
        """Values that the token has, for a log: quoted, and called unverified if they are."""
        return listing(values) + self.unverified

    def seconds_since(self, claim: str) -> float:
        """Seconds from the time that a claim names until now; negative if it is ahead."""
        value = self.claim(claim)
        return self.now - value if isinstance(value, int | float) else 0.0


def listing(values: tuple[str, ...]) -> str:
    """Values for a log: quoted, the first of them only where they are many."""
    shown = ", ".join(map(quoted, values[:_MOST_LISTED]))
    more = len(values) - _MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown or "none"
