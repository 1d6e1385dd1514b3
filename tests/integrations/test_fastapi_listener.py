"""Events of FastAPI's dependency: by itself, and inside the middleware."""

from typing import Any

from starlette.testclient import TestClient
from tests.support.fastapi_app import application, headers, trusted

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.events import (
    Event,
    RequestAccepted,
    RequestEvent,
    RequestRefused,
    RouteRefused,
)
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer


def of_requests(heard: list[Event]) -> list[tuple[type[Event], str]]:
    """The kinds and causes of the events of requests; key sets have events too."""
    return [
        (type(event), getattr(event, "cause", ""))
        for event in heard
        if isinstance(event, RequestEvent)
    ]


def test_a_dependency_tells_of_outcomes_and_of_routes() -> None:
    """N1, B12: the dependency's refusal is the outcome, and the scopes are the route's."""
    issuer, heard = MockIssuer(), list[Event]()
    client = TestClient(application(JWTBearer(trusted(issuer), listener=heard.append)))
    assert client.get("/me").status_code == 401
    assert client.get("/me", headers=headers(issuer)).status_code == 200
    assert client.get("/read", headers=headers(issuer)).status_code == 403
    assert of_requests(heard) == [
        (RequestRefused, "missing_token"),
        (RequestAccepted, ""),
        (RequestAccepted, ""),
        (RouteRefused, "insufficient_scope"),
    ]


def test_around_a_dependency_the_middleware_hears_of_one_outcome() -> None:
    """B12: stricter rules of a dependency are a route's refusal for whoever heard the outcome."""
    issuer, outer, inner = MockIssuer(), list[Event](), list[Event]()

    def client(**options: Any) -> TestClient:
        stricter = JWTBearer(trusted(issuer, required_claims=["email"]), **options)
        return TestClient(
            JWTBearerMiddleware(application(stricter), trusted(issuer), listener=outer.append)
        )

    assert client().get("/me", headers=headers(issuer)).status_code == 401
    assert of_requests(outer) == [(RequestAccepted, ""), (RouteRefused, "missing_claim")]
    outer.clear()
    own = client(listener=inner.append)
    assert own.get("/me", headers=headers(issuer)).status_code == 401
    assert of_requests(outer) == [(RequestAccepted, "")]
    assert of_requests(inner) == [(RequestRefused, "missing_claim")]
