from collections.abc import Callable

from asgi_jwks import Reason


def test_basic_scheme(outcome_of: Callable[[str], object]) -> None:
    """A9, B2: a password by the scheme Basic."""
    assert outcome_of("basic_scheme") == (401, Reason.MISSING_TOKEN)
