from collections.abc import Callable

from asgi_jwks import Reason


def test_websocket_with_the_token_in_the_query(outcome_of: Callable[[str], object]) -> None:
    """A5, C1: a WebSocket with a good token in the query."""
    assert outcome_of("websocket_with_the_token_in_the_query") == (401, Reason.MISSING_TOKEN)
