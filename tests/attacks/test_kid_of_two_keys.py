from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_of_two_keys(outcome_of: Callable[[str], object]) -> None:
    """E4: a key id that two keys have."""
    assert outcome_of("kid_of_two_keys") == (401, Reason.AMBIGUOUS_KEY)
