from collections.abc import Callable

from asgi_jwks import Reason


def test_scheme_with_colon(outcome_of: Callable[[str], object]) -> None:
    """A1: a colon after the scheme."""
    assert outcome_of("scheme_with_colon") == (401, Reason.MISSING_TOKEN)
