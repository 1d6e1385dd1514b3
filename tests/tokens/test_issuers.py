"""Which issuer a token's `iss` names: one that is trusted, letter by letter, or none."""

from collections.abc import Callable
from typing import Any

import pytest

from asgi_jwks import AccessTokenVerifier, ConfigurationError, InvalidToken, Reason, TrustedIssuer
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import symmetric_key
from asgi_jwks.testing import MockIssuer
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuers import Issuer, TrustedIssuers

pytestmark = pytest.mark.anyio

Trusted = Callable[..., TrustedIssuer]

KEY = symmetric_key(bytes(range(32)), "HS256")
KEYS = JWKSet((KEY,))


class Resolved:
    """Issuers that were asked for before, in the hands of a test."""

    def __init__(self, *issuers: TrustedIssuer) -> None:
        self.issuers: dict[str, Issuer] = {issuer.rules.issuer: issuer for issuer in issuers}
        self.current: set[str] = set()

    def known(self, name: str) -> Issuer | None:
        return self.issuers[name] if name in self.current else None

    async def resolve(self, name: str) -> Issuer | None:
        return self.issuers.get(name)

    def all(self) -> list[Issuer]:
        return list(self.issuers.values())

    async def aclose(self) -> None:
        """Nothing is in progress."""


@pytest.mark.parametrize(
    ("claims", "reason", "detail"),
    [
        ({}, Reason.MISSING_CLAIM, "iss"),
        ({"iss": None}, Reason.INVALID_CLAIM, "iss"),
        ({"iss": 1}, Reason.INVALID_CLAIM, "iss"),
        ({"iss": ["https://mock-issuer.example/"]}, Reason.INVALID_CLAIM, "iss"),
        ({"iss": ""}, Reason.UNKNOWN_ISSUER, "iss is ''"),
        ({"iss": "x\n"}, Reason.UNKNOWN_ISSUER, "iss is 'x\\n'"),
        (
            {"iss": "https://mock-issuer.example"},
            Reason.UNKNOWN_ISSUER,
            "iss is 'https://mock-issuer.example'",
        ),
    ],
)
async def test_whoever_is_not_trusted_is_refused(
    trusted: Trusted, claims: dict[str, Any], reason: Reason, detail: str
) -> None:
    """G5"""
    with pytest.raises(InvalidToken) as refusal:
        await TrustedIssuers([trusted()], None).named(claims)
    assert refusal.value.reason is reason
    assert refusal.value.detail == detail


@pytest.mark.parametrize("name", [None, 1, [], {}, ["https://mock-issuer.example/"]])
def test_what_is_no_name_is_nobody(trusted: Trusted, name: object) -> None:
    """G5, A8"""
    assert TrustedIssuers([trusted()], None).known(name) is None


async def test_each_name_leads_to_its_issuer(trusted: Trusted) -> None:
    """E5, G5"""
    ours, theirs = trusted(), trusted(issuer="https://theirs.example/")
    issuers = TrustedIssuers([ours, theirs], None)
    assert issuers.known("https://theirs.example/") is theirs
    assert await issuers.named({"iss": ours.rules.issuer}) is ours
    assert dict(issuers.configured) == {
        "https://mock-issuer.example/": ours,
        "https://theirs.example/": theirs,
    }


async def test_a_near_miss_is_refused(trusted: Trusted) -> None:
    """G5"""
    issuers = TrustedIssuers([trusted()], None)
    with pytest.raises(InvalidToken):
        await issuers.named({"iss": "https://mock-issuer.example"})
    assert issuers.names.meant_by("https://mock-issuer.example")


async def test_issuers_that_are_known_by_asking(trusted: Trusted) -> None:
    """E5"""
    ours, theirs = trusted(), trusted(issuer="https://theirs.example/")
    resolved = Resolved(theirs)
    issuers = TrustedIssuers([ours], resolved)
    assert issuers.known("https://theirs.example/") is None
    assert await issuers.named({"iss": "https://theirs.example/"}) is theirs
    resolved.current.add("https://theirs.example/")
    assert issuers.known("https://theirs.example/") is theirs
    assert issuers.known(ours.rules.issuer) is ours
    with pytest.raises(InvalidToken) as refusal:
        await issuers.named({"iss": "https://nobody.example/"})
    assert refusal.value.reason is Reason.UNKNOWN_ISSUER


async def test_the_keys_of_all_are_closed(trusted: Trusted) -> None:
    closed: list[str] = []

    class Keys:
        def __init__(self, name: str) -> None:
            self._name = name

        def at_hand(self) -> None: ...

        async def aclose(self) -> None:
            closed.append(self._name)

    ours = trusted(keys=Keys("ours"))
    theirs = trusted(issuer="https://theirs.example/", keys=Keys("theirs"))
    await TrustedIssuers([ours], Resolved(theirs)).aclose()
    await TrustedIssuers([ours], None).aclose()
    assert closed == ["ours", "theirs", "ours"]


def test_nobody_is_trusted_by_accident(trusted: Trusted) -> None:
    """F14"""
    with pytest.raises(ConfigurationError, match="No issuer is trusted"):
        TrustedIssuers([], None)
    with pytest.raises(ConfigurationError, match="Two trusted issuers"):
        TrustedIssuers([trusted(), trusted()], Resolved())
    assert dict(TrustedIssuers([], Resolved()).configured) == {}


@pytest.mark.parametrize("identities", [("sub", "sub"), ("sub", "sub", "qualified")], ids=str)
def test_plain_subjects_are_for_one_issuer_at_most(
    trusted: Trusted, identities: tuple[str, ...]
) -> None:
    """P1: equal subjects of two issuers are two users."""
    issuers = [
        trusted(issuer=f"https://{number}.example/", identity=identity)
        for number, identity in enumerate(identities)
    ]
    with pytest.raises(ConfigurationError) as refusal:
        TrustedIssuers(issuers)
    assert str(refusal.value).startswith("https://0.example/ and https://1.example/ both have")


def test_how_users_are_named(trusted: Trusted) -> None:
    """P1: adding an issuer changes nothing for one that states its form."""
    plain, other = trusted(identity="sub"), trusted(issuer="https://other.example/")

    def form(issuers: TrustedIssuers, issuer: Issuer) -> str:
        header = JOSEHeader("HS256", None, None)
        return issuers.signer(header, issuer, KEYS, KEY).basis.reading.identity

    assert form(TrustedIssuers([other]), other) == "sub"
    for together in (TrustedIssuers([plain, other]), TrustedIssuers([plain, other], Resolved())):
        assert form(together, plain) == "sub"
        assert form(together, other) == "qualified"


async def test_a_tenant_of_a_resolver_has_rules_of_its_own(
    trusted: Trusted, issuer: MockIssuer, clock: Any, checked: list[bytes]
) -> None:
    """E5"""
    tenants = {issuer.issuer: trusted(required_claims=["org"], grants=["a"])}

    async def resolver(name: str) -> TrustedIssuer | None:
        return tenants.get(name)

    verifier = AccessTokenVerifier(resolver=resolver, clock=clock)
    token = issuer.access_token(org="a")
    await verifier.verify(token)
    await verifier.verify(token)
    assert len(checked) == 1
    for other, reason in (
        (issuer.access_token(), Reason.MISSING_CLAIM),
        (issuer.access_token(iss="https://nobody.example/"), Reason.UNKNOWN_ISSUER),
    ):
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(other)
        assert refusal.value.reason is reason
