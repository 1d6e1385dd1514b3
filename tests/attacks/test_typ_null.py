from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_null(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: type null."""
    assert outcome_of("typ_null") == (401, Reason.WRONG_TYPE)
