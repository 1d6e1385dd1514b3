from collections.abc import Callable

from asgi_jwks import Reason


def test_jwk_in_the_header_with_its_kid(outcome_of: Callable[[str], object]) -> None:
    """D6: the attacker's key in the header, under its own key id."""
    assert outcome_of("jwk_in_the_header_with_its_kid") == (401, Reason.UNKNOWN_KEY)
