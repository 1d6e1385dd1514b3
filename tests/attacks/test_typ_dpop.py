from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_dpop(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a DPoP proof (RFC 9449)."""
    assert outcome_of("typ_dpop") == (401, Reason.WRONG_TYPE)
