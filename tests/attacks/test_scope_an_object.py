from collections.abc import Callable

from asgi_jwks import Reason


def test_scope_an_object(outcome_of: Callable[[str], object]) -> None:
    """G9: scope as an object."""
    assert outcome_of("scope_an_object") == (401, Reason.INVALID_CLAIM)
