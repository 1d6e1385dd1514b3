from collections.abc import Callable

from asgi_jwks import Reason


def test_crit_unknown(outcome_of: Callable[[str], object]) -> None:
    """D5: an extension that nobody understands."""
    assert outcome_of("crit_unknown") == (401, Reason.UNSUPPORTED_HEADER)
