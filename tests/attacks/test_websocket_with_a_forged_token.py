from collections.abc import Callable

from asgi_jwks import Reason


def test_websocket_with_a_forged_token(outcome_of: Callable[[str], object]) -> None:
    """C1, C2: a WebSocket with a token that the attacker signed."""
    assert outcome_of("websocket_with_a_forged_token") == (401, Reason.BAD_SIGNATURE)
