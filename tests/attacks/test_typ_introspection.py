from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_introspection(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: an introspection answer (RFC 9701)."""
    assert outcome_of("typ_introspection") == (401, Reason.WRONG_TYPE)
