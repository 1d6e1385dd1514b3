from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_sql_injection(outcome_of: Callable[[str], object]) -> None:
    """D7: a piece of SQL."""
    assert outcome_of("kid_sql_injection") == (401, Reason.UNKNOWN_KEY)
