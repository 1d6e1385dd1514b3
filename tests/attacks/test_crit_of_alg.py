from collections.abc import Callable

from asgi_jwks import Reason


def test_crit_of_alg(outcome_of: Callable[[str], object]) -> None:
    """D5: a member of the standard as an extension."""
    assert outcome_of("crit_of_alg") == (401, Reason.UNSUPPORTED_HEADER)
