from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_with_another_scheme(outcome_of: Callable[[str], object]) -> None:
    """G5: the issuer over http."""
    assert outcome_of("iss_with_another_scheme") == (401, Reason.UNKNOWN_ISSUER)
