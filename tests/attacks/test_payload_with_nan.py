from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_nan(outcome_of: Callable[[str], object]) -> None:
    """D10: NaN."""
    assert outcome_of("payload_with_nan") == (401, Reason.MALFORMED)
