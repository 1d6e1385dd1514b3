from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_in_another_room(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: the type of another top-level media type."""
    assert outcome_of("typ_in_another_room") == (401, Reason.WRONG_TYPE)
