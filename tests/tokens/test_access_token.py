"""What the application receives: immutable, and of one request alone."""

import contextlib
import copy
import heapq
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from asgi_jwks import AccessToken, AccessTokenVerifier, TrustedIssuer
from asgi_jwks.testing import MockIssuer
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.principal import Basis, ClaimReading

pytestmark = pytest.mark.anyio

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
    return AccessToken(given, given, Basis(key_id="k1"))


def test_what_applications_read_most() -> None:
    assert token().claims == CLAIMS
    assert token().issuer == "https://issuer.example/"
    assert token().subject == "alice"
    assert token().client_id == "client"
    assert token().scopes == ("a", "b")
    assert token().permissions == ("p",)
    assert token().expires_at == 1_700_000_000
    assert token().key_id == "k1"


def test_what_its_issuer_may_grant_is_all_that_it_grants() -> None:
    """P2: the claims stay as they are."""
    claims = ClaimReading(
        grant_claims=GrantClaims(roles=["roles"], groups=["groups"]), grants=frozenset({"a", "r"})
    )
    given: dict[str, Any] = {**CLAIMS, "roles": ["r", "x"], "groups": ["g", "a"]}
    bounded: AccessToken = AccessToken(given, given, Basis(claims))
    assert bounded.scopes == ("a",)
    assert bounded.permissions == ()
    assert bounded.roles == ("r",)
    assert bounded.groups == ("a",)
    assert bounded.claims == given


def test_what_a_token_need_not_have() -> None:
    bare: AccessToken = AccessToken({}, {"iss": "x", "exp": 1})
    assert bare.subject is None
    assert bare.client_id is None
    assert bare.scopes == ()
    assert bare.permissions == ()
    assert bare.key_id is None


@pytest.mark.parametrize("name", ["claims", "key_id", "scopes", "issuer", "anything"])
def test_it_cannot_be_changed(name: str) -> None:
    """A10, H6"""
    given = token()
    with pytest.raises(AttributeError):
        setattr(given, name, "x")
    with pytest.raises(AttributeError):
        delattr(given, name)
    assert given.claims == CLAIMS


def test_a_copy_is_the_token_itself() -> None:
    """H6"""
    given = token()
    assert copy.copy(given) is given
    assert copy.deepcopy(given) is given
    assert copy.deepcopy({"token": [given]})["token"] == [given]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_an_unpickled_one_is_read_only_again(
    verifier: AccessTokenVerifier, issuer: MockIssuer, protocol: int
) -> None:
    """H6"""
    given = await verifier.verify(issuer.access_token(scopes="a b", org={"teams": ["x"]}))
    again: Any = pickle.loads(pickle.dumps(given, protocol))
    assert again.claims == given.claims
    assert again.scopes == ("a", "b")
    assert again.principal == given.principal
    assert again.key_id == "k1"
    with pytest.raises(TypeError, match="read-only"):
        again.claims["sub"] = "admin"
    with pytest.raises(TypeError, match="read-only"):
        again.claims["org"]["teams"].append("y")


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


def spoil(claims: Any) -> None:
    """Change claims past every refusal that a subclass of dict and list can make."""
    dict.__setitem__(claims, "sub", "admin")
    dict.update(claims, {"scope": "admin"})
    dict.pop(claims, "exp")
    heapq.heappush(claims["org"]["teams"], "admins")
    list.append(claims["aud"], "another")
    with contextlib.suppress(TypeError):
        exec("claims['org'] |= {'x': 1}", {}, {"claims": claims})
    with contextlib.suppress(TypeError):
        claims["org"].__init__({"owner": True})


async def test_what_a_request_does_to_its_claims_never_shows_in_another(
    verifier: AccessTokenVerifier, issuer: MockIssuer
) -> None:
    """H6: nor in a verdict, for a token that is new, kept, and seen again."""
    audience = [issuer.audience]
    token = issuer.access_token(subject="a", scopes="b", org={"teams": ["x"]}, aud=audience)
    for _ in range(4):
        given = await verifier.verify(token)
        assert given.subject == "a"
        assert given.scopes == ("b",)
        assert given.claims["org"] == {"teams": ["x"]}
        assert given.claims["aud"] == audience
        spoil(given.claims)


async def test_what_a_check_does_to_claims_is_of_its_request_alone(
    trusted: Callable[..., TrustedIssuer], issuer: MockIssuer, clock: Callable[[], float]
) -> None:
    """H6"""

    def check(token: AccessToken) -> bool:
        assert token.subject == "a"
        spoil(token.claims)
        return True

    verifier = AccessTokenVerifier([trusted(checks=[check])], clock=clock)
    token = issuer.access_token(subject="a", org={"teams": ["x"]}, aud=[issuer.audience])
    for _ in range(4):
        await verifier.verify(token)
