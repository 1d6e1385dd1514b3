from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_security_event(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a security event token (RFC 8417)."""
    assert outcome_of("typ_security_event") == (401, Reason.WRONG_TYPE)
