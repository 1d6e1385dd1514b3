from collections.abc import Callable

from asgi_jwks import Reason


def test_crit_null(outcome_of: Callable[[str], object]) -> None:
    """D5: extensions null."""
    assert outcome_of("crit_null") == (401, Reason.UNSUPPORTED_HEADER)
