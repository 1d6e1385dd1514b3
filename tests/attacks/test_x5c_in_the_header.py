from collections.abc import Callable

from asgi_jwks import Reason


def test_x5c_in_the_header(outcome_of: Callable[[str], object]) -> None:
    """D6: a certificate chain in the header."""
    assert outcome_of("x5c_in_the_header") == (401, Reason.BAD_SIGNATURE)
