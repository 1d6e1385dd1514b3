"""The identity on the scope: of a verified token, and of nobody."""

from typing import Any

import pytest
from starlette.requests import Request

from asgi_jwks import AccessToken, access_token
from asgi_jwks.asgi.identity import Anonymous, BearerUser, identify


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
        "application, and does it demand a token for this path?",
    )
