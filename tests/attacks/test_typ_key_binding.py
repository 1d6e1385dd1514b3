from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_key_binding(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: an SD-JWT's key binding (RFC 9901)."""
    assert outcome_of("typ_key_binding") == (401, Reason.WRONG_TYPE)
