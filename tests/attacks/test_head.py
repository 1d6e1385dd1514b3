from collections.abc import Callable

from asgi_jwks import Reason


def test_head(outcome_of: Callable[[str], object]) -> None:
    """B6: HEAD without a token."""
    assert outcome_of("head") == (401, Reason.MISSING_TOKEN)
