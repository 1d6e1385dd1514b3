from collections.abc import Callable

from asgi_jwks import Reason


def test_crit_b64(outcome_of: Callable[[str], object]) -> None:
    """D5: an unencoded payload (RFC 7797)."""
    assert outcome_of("crit_b64") == (401, Reason.UNSUPPORTED_HEADER)
