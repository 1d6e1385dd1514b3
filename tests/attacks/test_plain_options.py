from collections.abc import Callable

from asgi_jwks import Reason


def test_plain_options(outcome_of: Callable[[str], object]) -> None:
    """B10: OPTIONS without a token."""
    assert outcome_of("plain_options") == (401, Reason.MISSING_TOKEN)
