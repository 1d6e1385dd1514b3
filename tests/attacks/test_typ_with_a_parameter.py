from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_with_a_parameter(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a media type with a parameter."""
    assert outcome_of("typ_with_a_parameter") == (401, Reason.WRONG_TYPE)
