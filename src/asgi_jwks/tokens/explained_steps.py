"""The steps of one verification, for an explanation: from the trace that the procedure left.

Which step it ended at, and which it passed, is told here; the comparisons are `step_findings`.
"""

from typing import Final

from asgi_jwks.errors import Reason, RequestError, TemporarilyUnavailable
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.explanation import Explanation, Step, StepStatus, Verdict
from asgi_jwks.tokens.issuers import TrustedIssuers
from asgi_jwks.tokens.outage_advice import advise_on_outage
from asgi_jwks.tokens.step_findings import StepFindings
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
        advice = advise_on_outage(outcome).sentence
    elif refusal is not None:
        advice = str(refusal) if refusal.advice is None else refusal.advice.sentence
    told = StepFindings(trace, refusal, issuers, now)
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
