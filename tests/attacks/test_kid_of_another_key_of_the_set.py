from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_of_another_key_of_the_set(outcome_of: Callable[[str], object]) -> None:
    """E4, E5: the key id of one published key, the signature of another."""
    assert outcome_of("kid_of_another_key_of_the_set") == (401, Reason.BAD_SIGNATURE)
