from collections.abc import Callable

from asgi_jwks import Reason


def test_bearer_undefined(outcome_of: Callable[[str], object]) -> None:
    """A8: what a careless client sends for no token."""
    assert outcome_of("bearer_undefined") == (401, Reason.MALFORMED)
