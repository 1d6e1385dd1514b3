from collections.abc import Callable

from asgi_jwks import Reason


def test_nbf_in_an_hour(outcome_of: Callable[[str], object]) -> None:
    """G3: not valid yet."""
    assert outcome_of("nbf_in_an_hour") == (401, Reason.NOT_YET_VALID)
