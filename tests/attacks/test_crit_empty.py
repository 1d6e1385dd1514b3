from collections.abc import Callable

from asgi_jwks import Reason


def test_crit_empty(outcome_of: Callable[[str], object]) -> None:
    """D5: an empty list of extensions."""
    assert outcome_of("crit_empty") == (401, Reason.UNSUPPORTED_HEADER)
