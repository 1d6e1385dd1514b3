from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_with_another_slash(outcome_of: Callable[[str], object]) -> None:
    """G5: the issuer, but for the slash at its end."""
    assert outcome_of("iss_with_another_slash") == (401, Reason.UNKNOWN_ISSUER)
