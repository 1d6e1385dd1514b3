from collections.abc import Callable

from asgi_jwks import Reason


def test_crit_a_string(outcome_of: Callable[[str], object]) -> None:
    """D5: extensions as a string."""
    assert outcome_of("crit_a_string") == (401, Reason.UNSUPPORTED_HEADER)
