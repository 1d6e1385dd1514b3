from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_escaped_surrogates_in_a_name(outcome_of: Callable[[str], object]) -> None:
    """D10: half a character in a name."""
    assert outcome_of("payload_with_escaped_surrogates_in_a_name") == (401, Reason.MALFORMED)
