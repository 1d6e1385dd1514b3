from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_a_list(outcome_of: Callable[[str], object]) -> None:
    """G5: a list of issuers."""
    assert outcome_of("iss_a_list") == (401, Reason.INVALID_CLAIM)
