from collections.abc import Callable

from asgi_jwks import Reason


def test_key_in_the_payload(outcome_of: Callable[[str], object]) -> None:
    """D6: the attacker's key in the claims."""
    assert outcome_of("key_in_the_payload") == (401, Reason.BAD_SIGNATURE)
