from collections.abc import Callable

from asgi_jwks import Reason


def test_plain_base64(outcome_of: Callable[[str], object]) -> None:
    """D1: the alphabet of plain base64."""
    assert outcome_of("plain_base64") == (401, Reason.MALFORMED)
