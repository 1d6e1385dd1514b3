"""The steps of one verification, for an explanation: from the trace that the procedure left.

No rule is applied here in another way than the procedure does: the comparisons of step (6) are
those of `claim_rules`, one by one, so that all claims that are wrong show at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.errors import (
    InvalidToken,
    Reason,
    RequestError,
    TemporarilyUnavailable,
)
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.explanation import Explanation, Finding, Step, StepStatus, Verdict
from asgi_jwks.tokens.issuers import TrustedIssuers
from asgi_jwks.tokens.refusal_advice import keys_at_hand
from asgi_jwks.tokens.refused_token import listing
from asgi_jwks.tokens.trace import Trace

__all__ = ["explanation_of"]

_TITLES: Final = (
    "the form of the token",
    "its header",
    "the trusted issuer",
    "the issuer's key",
    "the signature",
    "the claims",
    "its binding, and your own checks",
)

_STEP_OF: Final = {
    Reason.MALFORMED: 1,
    Reason.ALGORITHM_NOT_ALLOWED: 2,
    Reason.UNSUPPORTED_HEADER: 2,
    Reason.WRONG_TYPE: 2,
    Reason.UNKNOWN_ISSUER: 3,
    Reason.UNKNOWN_KEY: 4,
    Reason.AMBIGUOUS_KEY: 4,
    Reason.KEY_TOO_SMALL: 4,
    Reason.BAD_SIGNATURE: 5,
}

_PASSED, _FAILED = StepStatus.PASSED, StepStatus.FAILED

Outcome = AccessToken | RequestError | TemporarilyUnavailable


def explanation_of(
    trace: Trace, outcome: Outcome, issuers: TrustedIssuers, now: float
) -> Explanation:
    """The explanation of a verification.

    Args:
        trace: how far the procedure came.
        outcome: the verified token, or the error by which it ended.
        issuers: the trusted issuers.
        now: seconds since the epoch.
    """
    failed = _failed_step(trace, outcome)
    refusal = outcome if isinstance(outcome, RequestError) else None
    advice: str | None = None
    if isinstance(outcome, TemporarilyUnavailable):
        advice = printable(str(outcome), longest=1024)
    elif refusal is not None:
        advice = str(refusal) if refusal.advice is None else refusal.advice.sentence
    told = _Told(trace, refusal, issuers, now)
    steps = tuple(
        Step(
            number=number,
            title=_TITLES[number - 1],
            status=(status := _status(number, failed, trace, outcome)),
            findings=tuple(told.findings(number, status)),
            advice=advice if number == failed else None,
        )
        for number in range(1, 8)
    )
    is_valid = isinstance(outcome, AccessToken)
    verdict = Verdict.REFUSED if refusal is not None else Verdict.CANNOT_TELL
    return Explanation(
        verdict=Verdict.VALID if is_valid else verdict,
        reason=None if refusal is None else refusal.reason,
        steps=steps,
        error=None if isinstance(outcome, AccessToken) else outcome,
        access_token=outcome if isinstance(outcome, AccessToken) else None,
        clock_ahead=told.clock_ahead,
    )


def _failed_step(trace: Trace, outcome: Outcome) -> int | None:
    """The number of the step at which it ended."""
    if isinstance(outcome, AccessToken):
        return None
    if trace.is_accepted:
        return 7
    if isinstance(outcome, TemporarilyUnavailable):
        # Either the resolver or the keys are unavailable.
        return 3 if trace.issuer is None else 4
    # Until the issuer is chosen, `iss` is the only claim that is judged.
    return _STEP_OF.get(outcome.reason, 3 if trace.issuer is None else 6)


def _status(number: int, failed: int | None, trace: Trace, outcome: Outcome) -> StepStatus:
    if number == failed:
        unavailable = isinstance(outcome, TemporarilyUnavailable)
        return StepStatus.CANNOT_TELL if unavailable else _FAILED
    # In the order of the procedure the signature may come before the issuer and the claims.
    is_passed = (
        failed is None
        or (number == 1)
        or (number == 2 and trace.header is not None)
        or (number == 3 and trace.issuer is not None)
        or (number == 4 and trace.verifications > 0)
        or (number == 5 and trace.is_signed)
        or (number == 6 and failed == 7)
    )
    return _PASSED if is_passed else StepStatus.NOT_REACHED


class _Told:
    """The comparisons of each step, in words."""

    def __init__(
        self, trace: Trace, refusal: RequestError | None, issuers: TrustedIssuers, now: float
    ) -> None:
        self._trace = trace
        self._refusal = refusal
        self._issuers = issuers
        self._issuer = trace.issuer or issuers.sole
        self._now = now
        self._mark = "" if trace.is_signed else " (unverified)"
        self._keys = None if self._issuer is None else keys_at_hand(self._issuer.keys)
        self.clock_ahead = None if self._keys is None else self._keys.clock_of()

    def findings(self, number: int, status: StepStatus) -> Iterable[Finding]:
        """The comparisons that were made in a step."""
        if status is StepStatus.NOT_REACHED and (number != 3 or not self._trace.claims):
            return ()
        made: dict[int, Callable[[StepStatus], Iterator[Finding]]] = {
            1: self._form,
            2: self._header,
            3: self._of_issuer,
            4: self._key,
            5: self._signature,
            6: self._claims,
            7: self._checks,
        }
        return made[number](status)

    def _form(self, status: StepStatus) -> Iterator[Finding]:
        found = f"{self._trace.parts} part{'s' if self._trace.parts != 1 else ''}"
        if status is _FAILED and self._refusal is not None and self._refusal.detail:
            found = printable(self._refusal.detail, longest=256)
        yield Finding(
            name="token",
            status=status,
            expected="three parts in base64url, a header and claims in JSON",
            found=found,
        )

    def _header(self, status: StepStatus) -> Iterator[Finding]:
        header = self._trace.header
        if header is None:
            detail = None if self._refusal is None else self._refusal.detail
            yield Finding(
                name="header",
                status=status,
                expected="alg, and nothing that changes what was signed",
                found=None if detail is None else printable(detail, longest=256),
            )
            return
        rules = None if self._issuer is None else self._issuer.rules
        allowed = self._issuers.algorithms if rules is None else rules.algorithms
        yield Finding(
            name="alg",
            status=_PASSED if header.algorithm in allowed else _FAILED,
            expected=", ".join(sorted(allowed)),
            found=quoted(header.algorithm),
        )
        if rules is not None:
            types = rules.kind.header_types
            if rules.profile == "rfc9068":
                types = frozenset({"at+jwt"})
            yield Finding(
                name="typ",
                status=_PASSED if header.type in types else _FAILED,
                expected=", ".join(sorted("none" if kind is None else kind for kind in types)),
                found=None if header.type is None else quoted(header.type),
            )

    def _of_issuer(self, status: StepStatus) -> Iterator[Finding]:
        claims, names = self._trace.claims or {}, self._issuers.names.all
        yield Finding(
            name="iss",
            status=status,
            expected=listing(names) if names else "an issuer that the resolver knows",
            found=None if "iss" not in claims else _said(claims["iss"]) + self._mark,
        )

    def _key(self, status: StepStatus) -> Iterator[Finding]:
        header = self._trace.header
        keys = self._keys
        expected = "a key of the issuer"
        if keys is not None:
            expected = f"one of {listing(keys.set.key_ids)}, {keys.origin}"
        yield Finding(
            name="kid",
            status=status,
            expected=expected,
            found=None if header is None or header.kid is None else quoted(header.kid),
        )

    def _signature(self, status: StepStatus) -> Iterator[Finding]:
        made = "that key" if status is _PASSED else "another key, or over another token"
        yield Finding(name="signature", status=status, expected="made by that key", found=made)

    def _claims(self, _status: StepStatus) -> Iterator[Finding]:
        claims, header, issuer = self._trace.claims, self._trace.header, self._trace.issuer
        if claims is None or header is None or issuer is None:
            return
        rules = issuer.rules
        yield from self._times(rules, claims)
        audiences = rules.audiences
        name = rules.audience_claim
        yield self._judged(
            name,
            "not checked" if audiences is None else listing(tuple(sorted(audiences))),
            _said(claims[name]) + self._mark if name in claims else None,
            lambda: rules.check_audience(claims),
        )
        required = rules.required_claims
        if required or rules.profile == "rfc9068":
            yield self._judged(
                "required claims",
                ", ".join(required) or "those of RFC 9068",
                None,
                lambda: rules.check_presence(claims),
            )
        subject = _said(claims["sub"]) + self._mark if "sub" in claims else None
        yield self._judged("sub, jti", "text", subject, lambda: rules.check_forms(claims))
        proof = rules.kind.proof
        yield self._judged(
            "kind",
            "an access token" if proof is None else f"an access token, which has {proof}",
            None,
            lambda: rules.kind.check(header, claims),
        )
        if "cnf" in claims:
            yield self._judged(
                "cnf", "proven possession of the key", None, lambda: rules.check_binding(claims)
            )

    def _times(self, rules: TokenRules, claims: Any) -> Iterator[Finding]:
        leeway = f" (leeway {rules.leeway:g} s)" if rules.leeway else ""
        fault = _fault(lambda: rules.check_time(claims, self._now))
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

    def _judged(
        self, name: str, expected: str, found: str | None, rule: Callable[[], object]
    ) -> Finding:
        fault = _fault(rule)
        if fault is not None and fault.detail:
            found = printable(fault.detail, longest=1024)
        status = _PASSED if fault is None else _FAILED
        return Finding(name=name, status=status, expected=expected, found=found)

    def _when(self, value: object) -> str:
        """A time as its distance from now."""
        # type() and not isinstance, as in claim_rules: to isinstance, true is the integer 1.
        if not (type(value) is int or type(value) is float) or not 0 <= value <= _LATEST:
            return _said(value) + self._mark
        moment = datetime.fromtimestamp(value, UTC)
        distance = value - self._now
        span = timedelta(seconds=abs(round(distance)))
        where = f"in {span}" if distance > 0 else f"{span} ago"
        return f"{moment.isoformat(timespec='seconds')}, {where}{self._mark}"

    def _checks(self, status: StepStatus) -> Iterator[Finding]:
        refusal, issuer = self._refusal, self._issuer
        of_checks = {Reason.CHECK_FAILED, Reason.INSUFFICIENT_SCOPE}
        is_of_checks = refusal is None or refusal.reason in of_checks
        if (issuer is not None and issuer.binding is not None) or not is_of_checks:
            yield Finding(
                name="binding",
                status=_PASSED if refusal is not None and is_of_checks else status,
                expected=_bound_to(self._trace.claims or {}),
                found=None if refusal is None or is_of_checks else _phrase(refusal),
            )
        if is_of_checks:
            yield Finding(
                name="checks",
                status=status,
                expected="each returns True",
                found=None if refusal is None else _phrase(refusal),
            )


# The end of the year 9999, the last that datetime knows.
_LATEST: Final = 253_402_300_799

_TIME_OF: Final = {
    Reason.EXPIRED: "exp",
    Reason.NOT_YET_VALID: "nbf",
    Reason.ISSUED_IN_FUTURE: "iat",
}


_PROOFS: Final = {
    "jkt": "a DPoP proof by the key with the thumbprint",
    "x5t#S256": "the client's certificate, with the thumbprint",
}


def _bound_to(claims: Mapping[str, Any]) -> str:
    """The proofs that a token asks for: RFC 9449, section 6.1; RFC 8705, section 3.1."""
    confirmation = claims.get("cnf")
    names: Mapping[str, Any] = confirmation if isinstance(confirmation, Mapping) else {}
    wanted = [f"{proof} {_said(names[name])}" for name, proof in _PROOFS.items() if name in names]
    return ", and ".join(wanted) or "proof of all that the token is bound to"


def _phrase(refusal: RequestError) -> str:
    return printable(refusal.detail or refusal.reason.phrase, longest=256)


def _fault(rule: Callable[[], object]) -> InvalidToken | None:
    try:
        rule()
    except InvalidToken as fault:
        return fault
    return None


def _said(value: object) -> str:
    """A value of the token: text quoted and whole, anything else by its kind."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return listing(tuple(value))
    return printable(repr(value), longest=128)
