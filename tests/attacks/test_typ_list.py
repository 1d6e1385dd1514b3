from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_list(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a list of types."""
    assert outcome_of("typ_list") == (401, Reason.WRONG_TYPE)
