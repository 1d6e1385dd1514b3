from collections.abc import Callable

from asgi_jwks import Reason


def test_b64_false(outcome_of: Callable[[str], object]) -> None:
    """D5: an unencoded payload without crit."""
    assert outcome_of("b64_false") == (401, Reason.UNSUPPORTED_HEADER)
