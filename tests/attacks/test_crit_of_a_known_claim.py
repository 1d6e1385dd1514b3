from collections.abc import Callable

from asgi_jwks import Reason


def test_crit_of_a_known_claim(outcome_of: Callable[[str], object]) -> None:
    """D5: a critical exp."""
    assert outcome_of("crit_of_a_known_claim") == (401, Reason.UNSUPPORTED_HEADER)
