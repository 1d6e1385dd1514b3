from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_exponent_even(outcome_of: Callable[[str], object]) -> None:
    """E3: an exponent that has no inverse."""
    assert outcome_of("rsa_exponent_even") == (401, Reason.UNKNOWN_KEY)
