"""The oracle for explanations: `verify` itself, on the same verifier."""

from asgi_jwks import (
    AccessTokenVerifier,
    Explanation,
    ProofOfPossession,
    RequestError,
    TemporarilyUnavailable,
)
from asgi_jwks.tokens.explanation import StepStatus, Verdict

__all__ = ["explained_as_verified", "verdict_of"]


async def verdict_of(
    verifier: AccessTokenVerifier, token: str | bytes, proof: ProofOfPossession | None = None
) -> tuple[str, object]:
    """The verdict of `verify`, and its reason or the claims that it returns."""
    try:
        return "valid", dict((await verifier.verify(token, proof=proof)).claims)
    except RequestError as refusal:
        return "refused", refusal.reason
    except TemporarilyUnavailable as outage:
        return "cannot_tell", type(outage)


async def explained_as_verified(
    verifier: AccessTokenVerifier,
    token: str | bytes,
    proofs: tuple[ProofOfPossession | None, ProofOfPossession | None] = (None, None),
) -> Explanation:
    """The explanation of a token, whose verdict must be that of `verify` (O1).

    `proofs` are two equal ones: each is good once.
    """
    expected = await verdict_of(verifier, token, proofs[0])
    explanation = await verifier.explain(token, proof=proofs[1])
    found: dict[Verdict, object] = {
        Verdict.VALID: explanation.access_token and dict(explanation.access_token.claims),
        Verdict.REFUSED: explanation.reason,
        Verdict.CANNOT_TELL: type(explanation.error),
    }
    assert (explanation.verdict, found[explanation.verdict]) == expected
    assert_coherent(explanation)
    return explanation


def assert_coherent(explanation: Explanation) -> None:
    """O2: seven steps, at most one of which ended it, with advice there and nowhere else."""
    assert [step.number for step in explanation.steps] == [1, 2, 3, 4, 5, 6, 7]
    ends = [s for s in explanation.steps if s.status in {StepStatus.FAILED, StepStatus.CANNOT_TELL}]
    assert len(ends) == (explanation.verdict is not Verdict.VALID)
    assert [step for step in explanation.steps if step.advice is not None] == ends
    assert explanation.advice == (ends[0].advice if ends else None)
    if explanation.verdict is Verdict.VALID:
        assert {step.status for step in explanation.steps} == {StepStatus.PASSED}
    for step in explanation.steps:
        if step.status is StepStatus.PASSED:
            assert all(finding.status is StepStatus.PASSED for finding in step.findings)
        if step.status is StepStatus.FAILED:
            assert any(finding.status is StepStatus.FAILED for finding in step.findings), step
        if step.status is StepStatus.NOT_REACHED:
            assert {finding.status for finding in step.findings} <= {step.status}
            assert step.number == 3 or not step.findings
