from collections.abc import Callable

from asgi_jwks import Reason


def test_header_not_json(outcome_of: Callable[[str], object]) -> None:
    """D1: a header that is no JSON."""
    assert outcome_of("header_not_json") == (401, Reason.MALFORMED)
