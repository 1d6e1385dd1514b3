from collections.abc import Callable

from asgi_jwks import Reason


def test_json_serialization(outcome_of: Callable[[str], object]) -> None:
    """D8: the JSON serialization."""
    assert outcome_of("json_serialization") == (400, Reason.INVALID_CREDENTIALS)
