"""Refusals of routes, as they are answered without a middleware around them."""

import pytest
from starlette.requests import Request

from asgi_jwks import (
    InsufficientScope,
    InvalidToken,
    KeySetUnavailable,
    MissingToken,
    Reason,
    RequestError,
    TemporarilyUnavailable,
    refusal_of,
)
from asgi_jwks.asgi.challenge import Challenges
from asgi_jwks.asgi.route_refusals import RefusalResponse

ERRORS: list[RequestError | TemporarilyUnavailable] = [
    MissingToken(),
    InvalidToken(Reason.EXPIRED),
    InsufficientScope("admin"),
    KeySetUnavailable("down", retry_after=7),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_answered_as_itself_where_no_middleware_is(
    error: RequestError | TemporarilyUnavailable,
) -> None:
    """B3, B7: with the challenge of the defaults."""
    scope = {"type": "http", "headers": []}
    refusal = refusal_of(scope, error)
    assert refusal == refusal_of(Request(scope), error) == Challenges().refusal(error)
    assert refusal.status == (503 if isinstance(error, TemporarilyUnavailable) else error.status)
    response = RefusalResponse(refusal)
    assert (response.status_code, response.body) == (refusal.status, refusal.body)
    assert response.raw_headers == [*refusal.headers]
