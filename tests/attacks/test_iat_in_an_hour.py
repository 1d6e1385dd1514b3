from collections.abc import Callable

from asgi_jwks import Reason


def test_iat_in_an_hour(outcome_of: Callable[[str], object]) -> None:
    """G4: issued in the future."""
    assert outcome_of("iat_in_an_hour") == (401, Reason.ISSUED_IN_FUTURE)
