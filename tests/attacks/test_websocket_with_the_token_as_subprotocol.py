from collections.abc import Callable

from asgi_jwks import Reason


def test_websocket_with_the_token_as_subprotocol(outcome_of: Callable[[str], object]) -> None:
    """A5, C1: a WebSocket with a good token as subprotocol, where that is not configured."""
    assert outcome_of("websocket_with_the_token_as_subprotocol") == (401, Reason.MISSING_TOKEN)
