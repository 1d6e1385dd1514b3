from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_empty(outcome_of: Callable[[str], object]) -> None:
    """G5: an empty issuer."""
    assert outcome_of("iss_empty") == (401, Reason.UNKNOWN_ISSUER)
