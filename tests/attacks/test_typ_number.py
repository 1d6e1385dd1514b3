from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_number(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a type that is no string."""
    assert outcome_of("typ_number") == (401, Reason.WRONG_TYPE)
