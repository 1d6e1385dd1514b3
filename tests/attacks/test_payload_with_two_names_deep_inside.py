from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_two_names_deep_inside(outcome_of: Callable[[str], object]) -> None:
    """D2: a name twice, in an object inside."""
    assert outcome_of("payload_with_two_names_deep_inside") == (401, Reason.MALFORMED)
