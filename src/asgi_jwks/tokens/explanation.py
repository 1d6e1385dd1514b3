"""`Explanation`: the verdict on one token, step by step, for people and programs.

These are values; `explained_steps` puts them together from what the procedure left behind. Neither
the token nor its signature is in them. Texts of the token are escaped and shortened, and called
unverified where no trusted key signed it.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from asgi_jwks.errors import Reason, RequestError, TemporarilyUnavailable
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["Explanation", "Finding", "Step", "StepStatus", "Verdict"]


class Verdict(StrEnum):
    """The end of a verification."""

    VALID = "valid"
    REFUSED = "refused"
    CANNOT_TELL = "cannot_tell"


class StepStatus(StrEnum):
    """The end of one step, or of one comparison in it."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not_reached"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One comparison of a step.

    Attributes:
        name: what is compared, such as "alg" or "exp".
        status: whether it passed.
        expected: what would pass, in words.
        found: what the token has, in words; None where it has nothing.
    """

    name: str
    status: StepStatus
    expected: str
    found: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the procedure that `tokens.verifier` describes.

    Attributes:
        number: 1 to 7.
        title: its subject.
        status: whether it passed, failed, was not reached, or cannot be told at the moment.
        findings: the comparisons in it, as far as they were made.
        advice: one sentence that says what to do, where it failed.
    """

    number: int
    title: str
    status: StepStatus
    findings: tuple[Finding, ...] = ()
    advice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The verdict on a token, and how it came about.

    Attributes:
        verdict: "valid", "refused" or "cannot_tell", the last where keys are unavailable.
        reason: the rule that was broken, where the token is refused.
        steps: the seven steps, in their order.
        error: the error that `verify` would have raised, if any.
        access_token: the token that `verify` would have returned, if any.
        clock_ahead: seconds by which this machine's clock was ahead of the issuer's, by the Date of
            its last answer; None where that is not known.
    """

    verdict: Verdict
    reason: Reason | None
    steps: tuple[Step, ...]
    error: RequestError | TemporarilyUnavailable | None = field(default=None, repr=False)
    access_token: AccessToken | None = field(default=None, repr=False)
    clock_ahead: float | None = None

    @property
    def advice(self) -> str | None:
        """One sentence with the mistake and the remedy; None for a valid token."""
        return next((step.advice for step in self.steps if step.advice is not None), None)

    def as_dict(self) -> dict[str, Any]:
        """The explanation as JSON values; `asgi-jwks explain --json` prints it."""
        return {
            "verdict": str(self.verdict),
            "reason": None if self.reason is None else str(self.reason),
            "advice": self.advice,
            "clock_ahead": self.clock_ahead,
            "steps": [
                {
                    **asdict(step),
                    "status": str(step.status),
                    "findings": [
                        {**asdict(finding), "status": str(finding.status)}
                        for finding in step.findings
                    ],
                }
                for step in self.steps
            ],
        }
