"""The comparisons of step (6), the claims, for an explanation.

They are those of `claim_rules`, asked one by one, so that all claims that are wrong show at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.tokens.claim_rules import LATEST_NUMERIC_DATE, TokenRules
from asgi_jwks.tokens.explanation import Finding, StepStatus
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.refused_token import listing

__all__ = ["ClaimFindings", "said"]

_PASSED, _FAILED = StepStatus.PASSED, StepStatus.FAILED

_TIME_OF: Final = {
    Reason.EXPIRED: "exp",
    Reason.NOT_YET_VALID: "nbf",
    Reason.ISSUED_IN_FUTURE: "iat",
}


@dataclass(frozen=True, slots=True)
class ClaimFindings:
    """The claims of a token beside the rules of its issuer.

    Args:
        rules: those of the issuer.
        header: the token's header.
        claims: the token's claims.
        now: seconds since the epoch.
        mark: the remark behind values that anybody may have written.
    """

    rules: TokenRules
    header: JOSEHeader
    claims: Mapping[str, Any]
    now: float
    mark: str

    def all(self) -> Iterator[Finding]:
        """Every comparison, in the order of the rules."""
        rules, claims = self.rules, self.claims
        yield from self._times()
        audiences = rules.audiences
        name = rules.audience_claim
        yield _judged(
            name,
            "not checked" if audiences is None else listing(tuple(sorted(audiences))),
            said(claims[name]) + self.mark if name in claims else None,
            lambda: rules.check_audience(claims),
        )
        required = rules.required_claims
        if required or rules.profile == "rfc9068":
            yield _judged(
                "required claims",
                ", ".join(required) or "those of RFC 9068",
                None,
                lambda: rules.check_presence(claims),
            )
        subject = said(claims["sub"]) + self.mark if "sub" in claims else None
        yield _judged("sub, jti", "text", subject, lambda: rules.check_forms(claims))
        proof = rules.kind.proof
        yield _judged(
            "kind",
            "an access token" if proof is None else f"an access token, which has {proof}",
            None,
            lambda: rules.kind.check(self.header, claims),
        )
        if "cnf" in claims:
            yield _judged(
                "cnf", "proven possession of the key", None, lambda: rules.check_binding(claims)
            )

    def _times(self) -> Iterator[Finding]:
        rules, claims = self.rules, self.claims
        leeway = f" (leeway {rules.leeway:g} s)" if rules.leeway else ""
        fault = _fault(lambda: rules.check_time(claims, self.now))
        for name, expected in (
            ("exp", f"in the future{leeway}"),
            ("nbf", f"in the past{leeway}"),
            ("iat", "in the past (leeway 60 s at least)"),
        ):
            if name not in claims and name != "exp":
                continue
            is_at_fault = fault is not None and (
                _TIME_OF.get(fault.reason) or (fault.detail or "").partition(" ")[0]
            )
            yield Finding(
                name=name,
                status=_FAILED if is_at_fault == name else _PASSED,
                expected=expected,
                found=self._when(claims[name]) if name in claims else None,
            )

    def _when(self, value: object) -> str:
        """A time as its distance from now."""
        # type() and not isinstance, as in claim_rules: to isinstance, true is the integer 1.
        if not (type(value) is int or type(value) is float):
            return said(value) + self.mark
        if not 0 <= value <= LATEST_NUMERIC_DATE:
            return said(value) + self.mark
        moment = datetime.fromtimestamp(value, UTC)
        distance = value - self.now
        span = timedelta(seconds=abs(round(distance)))
        where = f"in {span}" if distance > 0 else f"{span} ago"
        return f"{moment.isoformat(timespec='seconds')}, {where}{self.mark}"


def _judged(name: str, expected: str, found: str | None, rule: Callable[[], object]) -> Finding:
    fault = _fault(rule)
    if fault is not None and fault.detail:
        found = printable(fault.detail, longest=1024)
    status = _PASSED if fault is None else _FAILED
    return Finding(name=name, status=status, expected=expected, found=found)


def _fault(rule: Callable[[], object]) -> InvalidToken | None:
    try:
        rule()
    except InvalidToken as fault:
        return fault
    return None


def said(value: object) -> str:
    """A value of the token: text quoted and whole, anything else by its kind."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return listing(tuple(value))
    return printable(repr(value), longest=128)
