from typing import Any

import pytest

from asgi_jwks import AccessToken

CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.example/",
    "sub": "alice",
    "azp": "client",
    "exp": 1_700_000_000,
    "scope": "a b",
    "permissions": ["p"],
    "email": "alice@example.com",
}


def token(**claims: object) -> AccessToken:
    given: dict[str, Any] = {**CLAIMS, **claims}
    return AccessToken(given, given, key_id="k1")


def test_what_applications_read_most() -> None:
    assert token().claims == CLAIMS
    assert token().issuer == "https://issuer.example/"
    assert token().subject == "alice"
    assert token().client_id == "client"
    assert token().scopes == ("a", "b")
    assert token().permissions == ("p",)
    assert token().expires_at == 1_700_000_000
    assert token().key_id == "k1"


def test_what_a_token_need_not_have() -> None:
    bare: AccessToken = AccessToken({}, {"iss": "x", "exp": 1})
    assert bare.subject is None
    assert bare.client_id is None
    assert bare.scopes == ()
    assert bare.permissions == ()
    assert bare.key_id is None


@pytest.mark.parametrize("name", ["claims", "key_id", "scopes", "anything"])
def test_it_cannot_be_changed(name: str) -> None:
    """A10: a token is shared between requests, so one endpoint cannot write what another reads."""
    shared = token()
    with pytest.raises(AttributeError, match="an AccessToken is immutable"):
        setattr(shared, name, "x")
    with pytest.raises(AttributeError) as error:
        delattr(shared, name)
    assert str(error.value) == "an AccessToken is immutable"
    assert shared.claims == CLAIMS


def test_claims_can_be_made_a_type_of_ones_own() -> None:
    converted = token().with_claims(lambda claims: str(claims["email"]))
    assert converted.claims == "alice@example.com"
    assert converted.scopes == ("a", "b")
    assert converted.key_id == "k1"
    assert converted.with_claims(len).claims == 17


def test_what_a_converter_raises_is_its_own() -> None:
    with pytest.raises(KeyError, match="phone"):
        token().with_claims(lambda claims: claims["phone"])


def test_a_repr_gives_no_personal_data_away() -> None:
    """H1"""
    shown = repr(token())
    assert shown == "AccessToken(issuer='https://issuer.example/', scopes=('a', 'b'))"
    assert "alice" not in shown
