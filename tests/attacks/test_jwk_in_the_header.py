from collections.abc import Callable

from asgi_jwks import Reason


def test_jwk_in_the_header(outcome_of: Callable[[str], object]) -> None:
    """D6: the attacker's key in the header, under the issuer's key id."""
    assert outcome_of("jwk_in_the_header") == (401, Reason.BAD_SIGNATURE)
