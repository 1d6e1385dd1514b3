"""The parts of the procedure, each by itself."""

import pytest

from asgi_jwks import InvalidToken, Reason
from asgi_jwks.tokens.steps import refusal_of_stranger


@pytest.mark.parametrize("reason", Reason)
def test_a_stranger_is_told_no_more_than_that_its_key_is_unknown(reason: Reason) -> None:
    """W5: all refusals are one to the client; the operator can read which one it was."""
    refusal = InvalidToken(reason, "iss is 'https://tenant.example/'")
    told = refusal_of_stranger(refusal)
    assert told.reason.phrase == Reason.UNKNOWN_KEY.phrase
    assert told.reason.phrase == Reason.BAD_SIGNATURE.phrase
    assert str(refusal) in str(told)
