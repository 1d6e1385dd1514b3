"""Declarations that no token could meet are told where they are made, and no others."""

from typing import Any

import pytest

from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    DPoP,
    GrantClaims,
    JWTBearerMiddleware,
    ProtectedResource,
    Requirement,
    StaticJWKSet,
    TLSExtension,
    TrustedIssuer,
)
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer

KEYS = StaticJWKSet(MockIssuer().jwk_set())
DPOP = DPoP(public_origin="https://api.example.com")
A, B = "https://a.example/", "https://b.example/"


def issuer(name: str = A, **options: Any) -> TrustedIssuer:
    return TrustedIssuer(issuer=name, audience="api", keys=KEYS, **options)


async def app(*_: object) -> None: ...


IMPOSSIBLE = [
    ({"issuer": B}, [issuer()], f"a token of '{B}', and the issuers that are trusted are others"),
    (
        {"permissions": "p"},
        [issuer(grants=["a"])],
        f"'p', which is not among the grants of {A}: every request would be refused. Add it to "
        f"grants=[...] of {A}, or demand another.",
    ),
    ({"roles": "r"}, [issuer(grants=["a"]), issuer(B, grants=["b"])], "'r', which is not among"),
    ({"any_of": ["b", "c"]}, [issuer(grants=["a"])], "any_of=['b', 'c'], and none of it is"),
    ({"roles": "r"}, [issuer(grant_claims=GrantClaims(roles=()))], "roles, and the tokens of"),
    ({"issuer": [B, "c"]}, [issuer()], f"requires demands a token of '{B}' or 'c', and the"),
    (
        {"binding": "dpop"},
        [issuer()],
        "binding='dpop', and no issuer that it may be of has proofs of it: every request would be "
        'refused. Write dpop=DPoP(public_origin="https://...") for the issuer, or leave',
    ),
    (
        {"binding": "certificate"},
        [issuer()],
        "refused. Write certificate_sources=[TLSExtension()] for the issuer, or leave the binding",
    ),
    # The issuer that could prove it is not the one that is asked for.
    ({"binding": "dpop", "issuer": A}, [issuer(), issuer(B, dpop=DPOP)], "binding='dpop'"),
    ({"roles": "r", "issuer": B}, [issuer(), issuer(B, grants=["a"])], f"grants of {B}"),
]


@pytest.mark.parametrize(("options", "trusted", "words"), IMPOSSIBLE)
def test_a_need_that_no_token_could_meet_is_a_mistake(
    options: Any, trusted: list[TrustedIssuer], words: str
) -> None:
    """K9, P2: what is declared and cannot be enforced, of the middleware and of the dependency."""
    needed = Requirement(**options)
    for declare in (
        lambda: JWTBearerMiddleware(app, *trusted, requires=needed),
        lambda: JWTBearer(*trusted, requires=needed),
        lambda: JWTBearer(*trusted).requires(needed),
    ):
        with pytest.raises(ConfigurationError) as told:
            declare()
        assert words in str(told.value)
        assert "every request would be refused. " in str(told.value)


def test_an_issuer_that_is_not_trusted_is_told_with_the_first_five_that_are() -> None:
    """K9: as many names as a reader takes in."""
    names = [f"https://{number}.example/" for number in range(7)]
    with pytest.raises(ConfigurationError) as told:
        JWTBearer(*map(issuer, names), requires=Requirement(issuer=B))
    known = ", ".join(f"'{name}'" for name in names[:5])
    assert str(told.value).endswith(f"or name one of those that are: {known}.")


def test_a_binding_of_two_issuers_is_not_one_of_both() -> None:
    """K9: a token is of one issuer, which has to prove all of it."""
    both = Requirement(binding="dpop") & Requirement(binding="certificate")
    halves = [issuer(dpop=DPOP), issuer(B, certificate_sources=[TLSExtension()])]
    with pytest.raises(ConfigurationError, match="binding='certificate'"):
        JWTBearerMiddleware(app, *halves, requires=both)
    whole = issuer(dpop=DPOP, certificate_sources=[TLSExtension()])
    JWTBearerMiddleware(app, whole, requires=both)


def test_a_need_that_some_token_could_meet_is_none() -> None:
    """K9: one issuer of several will do, and a resolver may know others."""
    JWTBearerMiddleware(app, issuer(grants=["a"]), issuer(B), requires=Requirement("b"))
    JWTBearerMiddleware(app, issuer(grants=["a"]), requires=Requirement("a", any_of=["a", "b"]))
    JWTBearerMiddleware(
        app, issuer(gateway_proves_binding=True), requires=Requirement(binding="dpop")
    )

    async def resolver(name: str) -> TrustedIssuer | None:
        return None

    verifier = AccessTokenVerifier(issuer(), resolver=resolver)
    needed = Requirement(issuer=B, roles="r", binding="dpop")
    JWTBearerMiddleware(app, verifier=verifier, requires=needed)
    # Of the token that the middleware has verified, nothing is known here.
    JWTBearer().requires(needed)


@pytest.mark.parametrize("wrong", ["a b", "a.example", "https://a.example/\n", ["https://a", "b"]])
def test_metadata_name_issuers_by_their_urls(wrong: Any) -> None:
    """K4"""
    with pytest.raises(ConfigurationError, match="issuers must be URLs"):
        ProtectedResource("https://api.example.com", issuers=wrong)
    twice = ProtectedResource("https://api.example.com", issuers=[A, B, A], scopes=["a", "b", "a"])
    assert (twice.issuers, twice.scopes) == ((A, B), ("a", "b"))
