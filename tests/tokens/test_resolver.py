"""Issuers that are known only by asking the application: how long its answers are kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from asgi_jwks import InvalidToken, KeySetUnavailable, Reason, StaticJWKSet, TrustedIssuer
from asgi_jwks.testing import MockIssuer
from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.issuers import Check
from asgi_jwks.tokens.key_source import KeySource
from asgi_jwks.tokens.resolver import ResolvedIssuers

pytestmark = pytest.mark.anyio

NAME = "https://tenant.example/"
Trusted = Callable[..., TrustedIssuer]


class Tenants:
    """An application's resolver, and the questions it was asked."""

    def __init__(self, *tenants: TrustedIssuer) -> None:
        self.tenants = {tenant.rules.issuer: tenant for tenant in tenants}
        self.asked: list[str] = []
        self.fault: Exception | None = None

    async def __call__(self, name: str) -> TrustedIssuer | None:
        self.asked.append(name)
        if self.fault is not None:
            raise self.fault
        return self.tenants.get(name)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Clock:
    return Clock()


@pytest.fixture
def tenant(trusted: Trusted) -> TrustedIssuer:
    return trusted(issuer=NAME)


async def test_an_answer_is_kept_for_five_minutes(tenant: TrustedIssuer, seconds: Clock) -> None:
    tenants = Tenants(tenant)
    issuers = ResolvedIssuers(tenants, clock=seconds)
    assert issuers.known(NAME) is None
    assert await issuers.resolve(NAME) is tenant
    seconds.now = 299.9
    assert issuers.known(NAME) is tenant
    seconds.now = 300.0
    assert issuers.known(NAME) is None
    assert issuers.all() == [tenant]
    assert await issuers.resolve(NAME) is tenant
    assert tenants.asked == [NAME, NAME]


async def test_unknown_is_kept_for_ten_seconds(tenant: TrustedIssuer, seconds: Clock) -> None:
    """F4: a tenant that is created after it was probed is known soon."""
    tenants = Tenants()
    issuers = ResolvedIssuers(tenants, clock=seconds)
    assert await issuers.resolve(NAME) is None
    tenants.tenants[NAME] = tenant
    seconds.now = 9.9
    assert await issuers.resolve(NAME) is None
    assert tenants.asked == [NAME]
    seconds.now = 10.0
    assert await issuers.resolve(NAME) is tenant


async def test_names_that_are_too_long_are_not_asked_for(seconds: Clock) -> None:
    """H4, A7"""
    tenants = Tenants()
    issuers = ResolvedIssuers(tenants, clock=seconds)
    assert await issuers.resolve("x" * 2049) is None
    assert tenants.asked == []
    assert await issuers.resolve("x" * 2048) is None
    assert len(tenants.asked) == 1


async def test_strangers_cannot_fill_the_memory(seconds: Clock) -> None:
    """H4"""
    issuers = ResolvedIssuers(Tenants(), clock=seconds)
    for number in range(1100):
        assert await issuers.resolve(f"https://{number}.example/") is None
    assert len(issuers._unknown) == 1024
    assert issuers.all() == []


async def test_a_failing_resolver_is_an_outage_not_the_tokens_fault(
    seconds: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """B7, B8"""
    tenants = Tenants()
    tenants.fault = ConnectionError("the database is away")
    issuers = ResolvedIssuers(tenants, clock=seconds)
    for _ in range(3):
        with pytest.raises(KeySetUnavailable) as outage:
            await issuers.resolve(NAME)
        assert str(outage.value) == "the issuer resolver failed"
    assert tenants.asked == [NAME]
    # The logger's name is what a logging configuration is written for.
    logged = [(record.name, record.getMessage()) for record in caplog.records]
    assert logged == [("asgi_jwks.tokens", "the issuer resolver failed")]
    seconds.now = 1.0
    with pytest.raises(KeySetUnavailable):
        await issuers.resolve(NAME)
    assert len(tenants.asked) == 2


async def test_the_last_answer_serves_while_the_resolver_fails(
    tenant: TrustedIssuer, seconds: Clock
) -> None:
    """F6: for seventy minutes, as long as keys do by default, and not a moment longer."""
    tenants = Tenants(tenant)
    issuers = ResolvedIssuers(tenants, clock=seconds)
    await issuers.resolve(NAME)
    tenants.fault = ConnectionError()
    for now in (301.0, 301.5, 4198.9, 4199.9):
        seconds.now = now
        assert await issuers.resolve(NAME) is tenant
    for now in (4200.0, 4201.0):
        seconds.now = now
        with pytest.raises(KeySetUnavailable):
            await issuers.resolve(NAME)


async def test_an_ended_tenancy_ends_here_too(tenant: TrustedIssuer, seconds: Clock) -> None:
    """H3"""
    tenants = Tenants(tenant)
    issuers = ResolvedIssuers(tenants, clock=seconds)
    await issuers.resolve(NAME)
    tenants.tenants.clear()
    seconds.now = 300.0
    assert await issuers.resolve(NAME) is None
    assert issuers.all() == []
    tenants.fault = ConnectionError()
    seconds.now = 310.0
    with pytest.raises(KeySetUnavailable):
        await issuers.resolve(NAME)


@pytest.mark.parametrize(
    "error", [InvalidToken(Reason.UNKNOWN_ISSUER), KeySetUnavailable("no", retry_after=3)]
)
async def test_an_error_of_ours_is_the_answer(seconds: Clock, error: Exception) -> None:
    """G10"""
    tenants = Tenants()
    tenants.fault = error
    issuers = ResolvedIssuers(tenants, clock=seconds)
    for _ in range(2):
        with pytest.raises(type(error)):
            await issuers.resolve(NAME)
    assert len(tenants.asked) == 2


async def test_an_issuer_of_another_name_is_nobody(
    trusted: Trusted, seconds: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """E5, G5"""
    tenants = Tenants()
    tenants.tenants[NAME] = trusted(issuer="https://other.example/")
    assert await ResolvedIssuers(tenants, clock=seconds).resolve(NAME) is None
    [record] = caplog.records
    assert record.getMessage() == (
        "the issuer resolver returned another issuer than it was asked for"
    )


async def test_the_same_configuration_made_anew_keeps_the_keys_at_hand(
    trusted: Trusted, issuer: MockIssuer, seconds: Clock
) -> None:
    first, again = trusted(issuer=NAME), trusted(issuer=NAME)
    tenants = Tenants(first)
    issuers = ResolvedIssuers(tenants, clock=seconds)
    await issuers.resolve(NAME)
    tenants.tenants[NAME] = again
    assert await issuers.resolve(NAME) is first
    seconds.now = 300.0
    assert await issuers.resolve(NAME) is first


@dataclass
class Tenant:
    """An Issuer that an application made itself."""

    rules: TokenRules
    keys: KeySource
    checks: Sequence[Check]


@pytest.mark.parametrize(
    "kinds", [(list, tuple), (tuple, list)], ids=["a list, a tuple", "a tuple, a list"]
)
async def test_the_same_checks_are_the_same_in_any_sequence(
    tenant: TrustedIssuer, seconds: Clock, kinds: tuple[type, type]
) -> None:
    """A tenant that is made anew with the same checks keeps the keys that are at hand."""
    checks = [lambda token: True]
    first, again = (Tenant(tenant.rules, tenant.keys, kind(checks)) for kind in kinds)
    answers = iter([first, again])

    async def resolver(name: str) -> Tenant:
        return next(answers)

    issuers = ResolvedIssuers(resolver, clock=seconds)
    assert await issuers.resolve(NAME) is first
    seconds.now = 300.0
    assert await issuers.resolve(NAME) is first


@pytest.mark.parametrize(
    "option",
    [
        {"leeway": 7.0},
        {"checks": [lambda token: True]},
        {"keys": StaticJWKSet(MockIssuer().jwk_set())},
    ],
    ids=lambda option: next(iter(option)),
)
async def test_another_configuration_takes_the_place_of_the_last_one(
    trusted: Trusted, seconds: Clock, option: dict[str, object]
) -> None:
    """H3"""
    tenants = Tenants(trusted(issuer=NAME))
    issuers = ResolvedIssuers(tenants, clock=seconds)
    await issuers.resolve(NAME)
    changed = trusted(issuer=NAME, **option)
    tenants.tenants[NAME] = changed
    seconds.now = 300.0
    assert await issuers.resolve(NAME) is changed
    assert issuers.known(NAME) is changed
    assert issuers.all() == [changed]
