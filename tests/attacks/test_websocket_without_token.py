from collections.abc import Callable

from asgi_jwks import Reason


def test_websocket_without_token(outcome_of: Callable[[str], object]) -> None:
    """C1, C2: a WebSocket without credentials."""
    assert outcome_of("websocket_without_token") == (401, Reason.MISSING_TOKEN)
