from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_with_a_default_port(outcome_of: Callable[[str], object]) -> None:
    """G5: the issuer with the port that is meant anyway."""
    assert outcome_of("iss_with_a_default_port") == (401, Reason.UNKNOWN_ISSUER)
