from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_empty_list(outcome_of: Callable[[str], object]) -> None:
    """G6: no audience in the list."""
    assert outcome_of("aud_empty_list") == (401, Reason.WRONG_AUDIENCE)
