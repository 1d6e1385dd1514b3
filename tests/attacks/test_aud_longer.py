from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_longer(outcome_of: Callable[[str], object]) -> None:
    """G6: a longer one."""
    assert outcome_of("aud_longer") == (401, Reason.WRONG_AUDIENCE)
