from collections.abc import Callable

from asgi_jwks import Reason


def test_certificate_bound_token(outcome_of: Callable[[str], object]) -> None:
    """G12: a token bound to a certificate, as Bearer."""
    assert outcome_of("certificate_bound_token") == (401, Reason.SENDER_CONSTRAINED)
