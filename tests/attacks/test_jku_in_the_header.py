from collections.abc import Callable

from asgi_jwks import Reason


def test_jku_in_the_header(outcome_of: Callable[[str], object]) -> None:
    """D6: the address of the attacker's JWK Set."""
    assert outcome_of("jku_in_the_header") == (401, Reason.UNKNOWN_KEY)
