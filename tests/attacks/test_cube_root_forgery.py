from collections.abc import Callable

from asgi_jwks import Reason


def test_cube_root_forgery(outcome_of: Callable[[str], object]) -> None:
    """D1, E3: a signature under exponent 3 made without the key (Bleichenbacher, 2006)."""
    assert outcome_of("cube_root_forgery") == (401, Reason.BAD_SIGNATURE)
