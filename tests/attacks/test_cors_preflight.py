from collections.abc import Callable

from asgi_jwks import Reason


def test_cors_preflight(outcome_of: Callable[[str], object]) -> None:
    """B10: a CORS preflight without a token."""
    assert outcome_of("cors_preflight") == (401, Reason.MISSING_TOKEN)
