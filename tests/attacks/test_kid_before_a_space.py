from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_before_a_space(outcome_of: Callable[[str], object]) -> None:
    """D7: a space after the issuer's key id."""
    assert outcome_of("kid_before_a_space") == (401, Reason.UNKNOWN_KEY)
