from typing import Any

import pytest

from asgi_jwks import AccessToken
from asgi_jwks.asgi.identity import Anonymous, BearerUser, identify, identify_nobody


def token(**claims: object) -> AccessToken:
    given: dict[str, Any] = {"iss": "i", "exp": 1, **claims}
    return AccessToken(given, given)


def test_a_verified_token_is_claims_auth_and_user() -> None:
    """A10, C3"""
    access_token = token(sub="alice")
    scope: dict[str, Any] = {"claims": "spoofed", "auth": "spoofed", "user": "spoofed", "x": 1}
    same = scope
    identify(scope, access_token)
    assert scope is same
    assert scope["claims"] is access_token.claims
    assert scope["auth"] is access_token
    assert scope["user"].access_token is access_token
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
    identify_nobody(scope)
    assert scope["claims"] == {}
    assert isinstance(scope["auth"], Anonymous)
    assert scope["auth"].scopes == scope["auth"].permissions == ()
    assert scope["auth"].claims == {}
    assert scope["user"].is_authenticated is False
    with pytest.raises(TypeError, match="read-only"):
        scope["claims"]["sub"] = "admin"
