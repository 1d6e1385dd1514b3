from collections.abc import Callable

from asgi_jwks import Reason


def test_x5u_in_the_header(outcome_of: Callable[[str], object]) -> None:
    """D6: the address of the attacker's certificate."""
    assert outcome_of("x5u_in_the_header") == (401, Reason.BAD_SIGNATURE)
