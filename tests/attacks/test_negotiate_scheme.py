from collections.abc import Callable

from asgi_jwks import Reason


def test_negotiate_scheme(outcome_of: Callable[[str], object]) -> None:
    """A9: the scheme Negotiate."""
    assert outcome_of("negotiate_scheme") == (401, Reason.MISSING_TOKEN)
