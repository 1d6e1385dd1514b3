from collections.abc import Callable

from asgi_jwks import Reason


def test_signed_by_a_stranger(outcome_of: Callable[[str], object]) -> None:
    """D1, E5: a signature by another key under the issuer's key id."""
    assert outcome_of("signed_by_a_stranger") == (401, Reason.BAD_SIGNATURE)
