"""The identity on the scope: of a verified token, and of nobody."""

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from asgi_jwks import (
    AccessToken,
    AuthorizationHeader,
    ConfigurationError,
    Cookie,
    JWTBearerMiddleware,
    StaticJWKSet,
    access_token,
    bearer_token,
)
from asgi_jwks.asgi.authentication import AUTHENTICATION
from asgi_jwks.asgi.identity import Anonymous, BearerUser, identify
from asgi_jwks.testing import MockIssuer


def token(**claims: object) -> AccessToken:
    given: dict[str, Any] = {"iss": "i", "exp": 1, **claims}
    return AccessToken(given, given)


def test_a_verified_token_is_claims_auth_and_user() -> None:
    """A10, C3"""
    verified = token(sub="alice")
    scope: dict[str, Any] = {"claims": "spoofed", "auth": "spoofed", "user": "spoofed", "x": 1}
    same = scope
    identify(scope, verified)
    assert scope is same
    assert scope["claims"] is verified.claims
    assert scope["auth"] is verified
    assert scope["user"].access_token is verified
    assert scope["x"] == 1


@pytest.mark.parametrize(
    ("claims", "identity", "name"),
    [
        ({"sub": "alice"}, "alice", "alice"),
        ({"sub": "alice", "name": "Alice"}, "alice", "Alice"),
        ({"sub": "alice", "name": 1}, "alice", "alice"),
        ({}, "", ""),
        ({"name": "Alice"}, "", "Alice"),
    ],
)
def test_the_user_is_the_subject(claims: dict[str, Any], identity: str, name: str) -> None:
    user = BearerUser(token(**claims))
    assert user.is_authenticated is True
    assert user.identity == identity
    assert user.display_name == name


def test_nobody_has_nothing_and_overwrites_whatever_was_there() -> None:
    """A10"""
    scope: dict[str, Any] = {"claims": {"sub": "admin"}, "auth": token(), "user": "admin"}
    identify(scope, None)
    assert scope["claims"] == {}
    assert isinstance(scope["auth"], Anonymous)
    auth = scope["auth"]
    assert auth.scopes == auth.permissions == auth.roles == auth.groups == ()
    assert scope["auth"].claims == {}
    assert scope["user"].is_authenticated is False
    with pytest.raises(TypeError, match="read-only"):
        scope["claims"]["sub"] = "admin"


# The accessor.


def test_the_accessor_reads_a_scope_and_a_connection_alike() -> None:
    verified = token()
    scope = {"type": "http", "headers": [], "auth": verified}
    assert access_token(scope) is verified
    assert access_token(Request(scope)) is verified


def test_the_accessor_converts_the_claims() -> None:
    scope = {"auth": token(user_id="7")}
    assert access_token(scope, lambda claims: int(claims["user_id"])).claims == 7


def test_a_conversion_that_fails_is_the_application_s_own_error() -> None:
    with pytest.raises(KeyError):
        access_token({"auth": token()}, lambda claims: claims["user_id"])


@pytest.mark.parametrize(
    "scope",
    [{}, {"auth": None}, {"auth": "read"}, pytest.param({"auth": Anonymous()}, id="anonymous")],
)
def test_without_a_verified_token_the_accessor_says_where_to_look(scope: Any) -> None:
    with pytest.raises(LookupError) as error:
        access_token(scope)
    assert error.value.args == (
        "This request has no verified access token. Is JWTBearerMiddleware around the "
        "application that was called, by a test client too, and does it demand a token for this "
        "path?",
    )


def test_a_request_of_any_framework_for_asgi_will_do() -> None:
    """A11: Litestar's, Quart's and Django's have a scope as Starlette's do."""
    verified = token(sub="alice")
    request = SimpleNamespace(scope={"auth": verified})
    assert access_token(request) is verified
    assert access_token(request, lambda claims: claims["sub"]).claims == "alice"


@pytest.mark.parametrize(
    "wrong", [None, "GET /", SimpleNamespace(scope=None), SimpleNamespace(environ={})]
)
def test_a_request_of_wsgi_has_no_token(wrong: Any) -> None:
    """A11: such as that of Django's own test client."""
    with pytest.raises(ConfigurationError, match=r"WSGI has no scope .* TestClient\(app\)"):
        access_token(wrong)


# The credential itself.


def bearer(issuer: MockIssuer, **options: Any) -> JWTBearerMiddleware:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
        try:
            text = bearer_token(scope)
        except LookupError as error:
            text = str(error)
        response = PlainTextResponse(text, 200 if text.count(".") == 2 else 404)
        await response(scope, receive, send)

    return JWTBearerMiddleware(
        app,
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=StaticJWKSet(issuer.jwk_set()),
        **options,
    )


def test_the_credential_is_read_from_the_request_as_it_was_sent(issuer: MockIssuer) -> None:
    """H1: it is kept nowhere, so that neither a cache nor a repr has it."""
    client = TestClient(bearer(issuer, token_sources=[AuthorizationHeader(), Cookie("at")]))
    token = issuer.access_token()
    for fields in ({"authorization": f"Bearer  {token}"}, {"cookie": f"at={token}"}):
        assert client.get("/", headers=fields).text == token


def test_a_credential_that_nobody_has_verified_is_not_handed_out(issuer: MockIssuer) -> None:
    client = TestClient(bearer(issuer, public_paths=["/public"], allow_anonymous=True))
    headers = {"authorization": f"Bearer {issuer.access_token()}"}
    for answer in (client.get("/public", headers=headers), client.get("/")):
        assert answer.status_code == 404
        assert answer.text.startswith("This request has no verified access token")


def test_a_subprotocol_s_token_is_taken_away(issuer: MockIssuer) -> None:
    """A10"""
    connection: dict[str, Any] = {"type": "websocket", "headers": [], "auth": token()}
    connection[AUTHENTICATION] = bearer(
        issuer, token_sources=[AuthorizationHeader(), Cookie("at")]
    ).authentication
    for scope in (connection, {"auth": token()}):
        with pytest.raises(LookupError, match="not in it any more"):
            bearer_token(scope)
