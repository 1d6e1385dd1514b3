from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_empty(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: an empty type."""
    assert outcome_of("typ_empty") == (401, Reason.WRONG_TYPE)
