from collections.abc import Callable

from asgi_jwks import Reason


def test_private_key_published(outcome_of: Callable[[str], object]) -> None:
    """E3: a key that was published with its private half."""
    assert outcome_of("private_key_published") == (401, Reason.UNKNOWN_KEY)
