from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_object(outcome_of: Callable[[str], object]) -> None:
    """D7: an object."""
    assert outcome_of("kid_object") == (401, Reason.MALFORMED)
