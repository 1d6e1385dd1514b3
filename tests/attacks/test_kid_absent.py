from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_absent(outcome_of: Callable[[str], object]) -> None:
    """E4: no key id, where several keys would fit."""
    assert outcome_of("kid_absent") == (401, Reason.AMBIGUOUS_KEY)
