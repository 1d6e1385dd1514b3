from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_longer(outcome_of: Callable[[str], object]) -> None:
    """G5: a host that begins like the issuer's."""
    assert outcome_of("iss_longer") == (401, Reason.UNKNOWN_ISSUER)
