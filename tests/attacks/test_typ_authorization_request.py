from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_authorization_request(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a request object (RFC 9101)."""
    assert outcome_of("typ_authorization_request") == (401, Reason.WRONG_TYPE)
