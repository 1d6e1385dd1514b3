from collections.abc import Callable

from asgi_jwks import Reason


def test_tab_after_the_scheme(outcome_of: Callable[[str], object]) -> None:
    """A1: a tab where the space should be."""
    assert outcome_of("tab_after_the_scheme") == (401, Reason.MISSING_TOKEN)
