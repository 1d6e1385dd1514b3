"""Issuers that are known only by asking the application: how long its answers are kept."""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import anyio
import pytest
from tests.support.clock import EPOCH, Clock

from asgi_jwks import (
    AccessTokenVerifier,
    DPoP,
    InvalidProof,
    InvalidToken,
    KeySetUnavailable,
    ProofOfPossession,
    Reason,
    RemoteJWKSet,
    StaticJWKSet,
    TLSExtension,
    TrustedIssuer,
    access_token_verifier,
)
from asgi_jwks.caching.kept_answers import KeyedPeriod
from asgi_jwks.events import (
    ProofUse,
    ProofUsed,
    Resolution,
    ResolverAnswered,
    ResolverMistaken,
)
from asgi_jwks.testing import MockIssuer, ProofKey
from asgi_jwks.tokens.issuers import Issuer, TrustedIssuers
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


@pytest.fixture
def seconds() -> Clock:
    return Clock(0.0)


@pytest.fixture
def tenant(trusted: Trusted) -> TrustedIssuer:
    return trusted(issuer=NAME, grants=["read"])


async def test_the_resolver_is_asked_once_while_its_answer_is_kept(
    tenant: TrustedIssuer, seconds: Clock
) -> None:
    """F24: for 300 s; what else there is to its answers is proven of `caching.keyed`."""
    tenants = Tenants(tenant)
    issuers = ResolvedIssuers(tenants, clock=seconds)
    assert issuers.known(NAME) is None
    for now in (0.0, 299.9):
        seconds.now = now
        assert await issuers.resolve(NAME) is tenant
        assert issuers.known(NAME) is tenant
    seconds.now = 300.0
    assert issuers.known(NAME) is None
    assert issuers.all() == [tenant]
    assert await issuers.resolve(NAME) is tenant
    assert tenants.asked == [NAME, NAME]


async def test_a_resolver_may_answer_at_once(tenant: TrustedIssuer) -> None:
    """G10: sync or async, as any callable of the application."""
    resolver: Any = {NAME: tenant}.get
    assert await ResolvedIssuers(resolver).resolve(NAME) is tenant
    assert await ResolvedIssuers(resolver).resolve("https://nobody.example/") is None


async def test_names_that_are_too_long_are_not_asked_for() -> None:
    """F24, H4, A7"""
    tenants = Tenants()
    issuers = ResolvedIssuers(tenants)
    assert await issuers.resolve("x" * 2049) is None
    assert tenants.asked == []
    assert await issuers.resolve("x" * 2048) is None
    assert len(tenants.asked) == 1


async def test_unknown_names_cost_a_bounded_number_of_questions(seconds: Clock) -> None:
    """F24, H4: a hundred at once, then one a second."""
    tenants = Tenants()
    issuers = ResolvedIssuers(tenants, clock=seconds)
    for number in range(1100):
        assert await issuers.resolve(f"https://{number}.example/") is None
    assert len(tenants.asked) == 100
    seconds.now = 5.0
    for number in range(1100, 2200):
        assert await issuers.resolve(f"https://{number}.example/") is None
    assert len(tenants.asked) == 105
    assert issuers.all() == []


async def test_a_failing_resolver_is_an_outage_and_told_once_per_interval(
    seconds: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """B7, B8, F24"""
    tenants = Tenants()
    tenants.fault = ConnectionError("the database is away")
    issuers = ResolvedIssuers(tenants, clock=seconds)
    for number in range(40):
        with pytest.raises(KeySetUnavailable, match=r"^the issuer resolver failed$"):
            await issuers.resolve(f"https://{number}.example/")
    # The logger's name is the one that a logging configuration is written for.
    logged = [(record.name, record.getMessage()) for record in caplog.records]
    assert logged == [("asgi_jwks.tokens", "the issuer resolver failed (count: 1)")]
    assert "the database is away" in caplog.text
    seconds.now = 300.0
    with pytest.raises(KeySetUnavailable):
        await issuers.resolve(NAME)
    assert [record.getMessage() for record in caplog.records][1:] == [
        "the issuer resolver failed (count: 40)"
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"issuer": "https://other.example/"}, "it is another issuer than was asked for"),
        (
            {"grants": None},
            "a resolved issuer must state which scopes, roles and permissions its tokens may "
            'grant. Write TrustedIssuer(..., grants=["read:messages"])',
        ),
        (
            {"identity": "sub"},
            'identity="sub" would give users of two tenants one name. Leave identity out',
        ),
        (
            {"keys": RemoteJWKSet("http://localhost/keys", http_client=MockIssuer().http_client())},
            "its keys would be asked for from this machine itself, over plain http, which a tenant "
            "could make use of. Write an https URL, or allow_insecure_http=True if that is meant",
        ),
    ],
    ids=["another issuer", "no grants", "plain subjects", "keys of this machine"],
)
async def test_an_answer_that_must_not_be_used_is_nobody(
    trusted: Trusted,
    seconds: Clock,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, object],
    sentence: str,
) -> None:
    """E5, P1, P2, F24: once in the log, with what to write."""
    given = {"issuer": NAME, "grants": ["read"], **options}

    async def resolver(_: str) -> TrustedIssuer:
        return trusted(**given)

    issuers = ResolvedIssuers(resolver, clock=seconds)
    assert await issuers.resolve(NAME) is None
    seconds.now = 20.0
    assert await issuers.resolve(NAME) is None
    [record] = caplog.records
    assert record.getMessage() == (
        f"the issuer resolver's answer for '{NAME}' is not used: {sentence} (count: 1)"
    )


async def test_each_mistake_of_a_resolver_is_told_once_per_interval(
    trusted: Trusted, seconds: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """W6, F24: with its count."""
    mistakes: list[dict[str, Any]] = [
        {"grants": None},
        {"identity": "sub"},
        {"grants": None},
        {"grants": None},
    ]
    answers = iter([trusted(**{"issuer": NAME, "grants": ["a"], **each}) for each in mistakes])

    async def resolver(_: str) -> TrustedIssuer:
        return next(answers)

    issuers = ResolvedIssuers(resolver, clock=seconds)
    for at in (0.0, 20.0, 40.0, 300.0):
        seconds.now = at
        assert await issuers.resolve(NAME) is None
    told = [record.getMessage() for record in caplog.records]
    assert [line[-10:] for line in told] == ["(count: 1)", "(count: 1)", "(count: 2)"]
    assert "grants" in told[0]
    assert "identity" in told[1]


async def test_how_long_answers_are_kept_is_an_argument(
    tenant: TrustedIssuer, seconds: Clock
) -> None:
    """F24"""
    tenants = Tenants(tenant)
    issuers = ResolvedIssuers(tenants, period=KeyedPeriod(fresh=10.0), clock=seconds)
    assert issuers.age() is None
    for at in (1.0, 10.0, 11.0):
        seconds.now = at
        await issuers.resolve(NAME)
    assert len(tenants.asked) == 2
    seconds.now = 15.0
    assert issuers.age() == 4.0


async def test_a_listener_that_raises_breaks_no_answer(
    tenant: TrustedIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """N1, A8"""

    def broken(event: object) -> None:
        raise ZeroDivisionError

    issuers = ResolvedIssuers(Tenants(tenant))
    issuers.add_listener(broken)
    assert await issuers.resolve(NAME) is tenant
    assert {record.name for record in caplog.records} == {"asgi_jwks.tokens"}


async def test_a_mistake_is_told_with_the_seconds_that_it_took(
    trusted: Trusted, seconds: Clock
) -> None:
    """N5"""
    told: list[tuple[str, float]] = []

    async def resolver(_: str) -> TrustedIssuer:
        seconds.now += 2.5
        return trusted(issuer="https://other.example/", grants=[])

    def listener(event: object) -> None:
        assert isinstance(event, ResolverMistaken)
        told.append((event.mistake, event.seconds))

    issuers = ResolvedIssuers(resolver, clock=seconds)
    issuers.add_listener(listener)
    seconds.now = 50.0
    assert await issuers.resolve(NAME) is None
    assert told == [("it is another issuer than was asked for", 2.5)]


async def test_the_proofs_of_a_tenant_are_told(trusted: Trusted) -> None:
    """N5: to whoever listens when the resolver answers."""
    told: list[object] = []
    origin, key = "https://api.example.com", ProofKey(clock=lambda: EPOCH)
    issuer = trusted(issuer=NAME, grants=["read"], dpop=DPoP(public_origin=origin))
    issuers = ResolvedIssuers(Tenants(issuer))
    issuers.add_listener(told.append)
    resolved = await issuers.resolve(NAME)
    assert resolved is not None
    assert resolved.binding is not None
    proof = [("dpop", key.proof("GET", f"{origin}/", "token"))]
    request = ProofOfPossession(method="GET", url="/", fields=proof)
    digest = sha256(b"token").digest()
    await resolved.binding.check({"cnf": key.confirmation}, digest, request, EPOCH)
    assert told == [ResolverAnswered(Resolution.FOUND), ProofUsed(ProofUse.FIRST)]


async def test_used_proofs_are_remembered_from_answer_to_answer(
    trusted: Trusted, seconds: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """I11, F24: a resolver that makes a new DPoP with each answer loses none of them."""
    origin, key = "https://api.example.com", ProofKey()
    proof = key.proof("GET", f"{origin}/", "token")

    async def resolver(name: str) -> TrustedIssuer:
        return trusted(issuer=name, grants=["read"], dpop=DPoP(public_origin=origin))

    async def use(issuer: Issuer | None) -> None:
        assert issuer is not None
        assert issuer.binding is not None
        request = ProofOfPossession(method="GET", url="/", fields=[("dpop", proof)])
        digest = sha256(b"token").digest()
        await issuer.binding.check({"cnf": key.confirmation}, digest, request, time.time())

    issuers = ResolvedIssuers(resolver, clock=seconds)
    await use(await issuers.resolve(NAME))
    seconds.now = 300.0
    for name in (NAME, "https://second.example/"):
        with pytest.raises(InvalidProof) as caught:
            await use(await issuers.resolve(name))
        assert caught.value.reason is Reason.REPLAYED_PROOF
    memories = [getattr(issuer.binding, "replay_memory", None) for issuer in issuers.all()]
    assert len(memories) == 2
    assert memories[0] is memories[1] is not None
    assert not caplog.records


async def test_with_the_memory_of_proofs_nothing_else_of_an_issuer_is_taken_over(
    trusted: Trusted,
) -> None:
    """E5, F24: each tenant is judged by rules, keys and checks of its own."""
    made: list[TrustedIssuer] = []

    async def resolver(name: str) -> TrustedIssuer:
        dpop = DPoP(public_origin=f"{name}api", mode="required")
        checks = [lambda token: name in token.claims["iss"]]
        made.append(trusted(issuer=name, grants=[name], dpop=dpop, checks=checks))
        return made[-1]

    issuers = ResolvedIssuers(resolver)
    for name in (NAME, "https://second.example/"):
        resolved, own = await issuers.resolve(name), made[-1]
        assert resolved is not None
        assert (resolved.rules, resolved.keys) == (own.rules, own.keys)
        assert tuple(resolved.checks) == tuple(own.checks) != ()
        demands: Any = resolved.binding
        assert (demands.dpop.public_origins, demands.dpop.mode) == ((f"{name}api",), "required")


async def test_an_answer_that_would_forget_used_proofs_is_nobody(
    trusted: Trusted, seconds: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """I11, F24: a resolver's answers share one memory of proofs, since each is made anew."""
    made: list[DPoP | None] = []

    async def resolver(name: str) -> TrustedIssuer:
        return trusted(
            issuer=name, grants=["read"], dpop=made[-1], certificate_sources=[TLSExtension()]
        )

    issuers = ResolvedIssuers(resolver, clock=seconds)
    origin, store = "https://api.example.com", Store()
    for number, demands in enumerate(
        (
            DPoP(public_origin=origin, consume_proofs=False),
            None,
            DPoP(public_origin=origin, replay_store=store),
            DPoP(public_origin=origin, replay_store=store, mode="required"),
            DPoP(public_origin=origin, replay_store=store, on_store_failure="local"),
            DPoP(public_origin=origin, consume_proofs=False),
            None,
        )
    ):
        made.append(demands)
        assert await issuers.resolve(f"https://tenant-{number}.example/") is not None
    assert not caplog.records
    # Where proofs are remembered at all, those that are not are of no use to it.
    forgetful, plain = DPoP(public_origin=origin, consume_proofs=False), DPoP(public_origin=origin)
    assert forgetful.with_memory_of(plain) is forgetful
    assert plain.with_memory_of(forgetful) is plain
    for demands in (DPoP(public_origin=origin), DPoP(public_origin=origin, replay_store=Store())):
        made.append(demands)
        seconds.now += 300.0
        assert await issuers.resolve(NAME) is None
    [record] = caplog.records[:1]
    assert "Make one DPoP(...) outside of the resolver" in record.getMessage()


class Store:
    """A replay store of one host."""

    async def first_use(self, key: bytes, ttl: float) -> bool:
        return True


@pytest.mark.parametrize("answer", ["https://x.example/", TrustedIssuer, True, {}], ids=str)
async def test_an_answer_of_another_kind_is_a_failure(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A11: the application's own error, which no client can cause."""

    async def resolver(_: str) -> Any:
        return answer

    with pytest.raises(KeySetUnavailable):
        await ResolvedIssuers(resolver).resolve(NAME)
    assert "must return a TrustedIssuer or None" in caplog.text


async def test_nothing_is_left_in_progress(tenant: TrustedIssuer) -> None:
    """C4"""
    ended: list[bool] = []

    async def resolver(_: str) -> TrustedIssuer:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)
        return tenant

    issuers = TrustedIssuers([], ResolvedIssuers(resolver))

    async def need() -> None:
        with pytest.raises(KeySetUnavailable):
            await issuers.named({"iss": NAME})

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(need)
        await anyio.wait_all_tasks_blocked()
        await issuers.aclose()
    assert ended == [True]


async def test_an_issuer_made_anew_keeps_its_keys_and_has_the_newest_checks(
    trusted: Trusted, seconds: Clock
) -> None:
    """F24: closures included, which differ each time that they are made."""
    made: list[TrustedIssuer] = []

    async def resolver(name: str) -> TrustedIssuer:
        made.append(trusted(issuer=name, grants=["a"], checks=[lambda token: True]))
        return made[-1]

    issuers = ResolvedIssuers(resolver, clock=seconds)
    first = await issuers.resolve(NAME)
    seconds.now = 300.0
    second = await issuers.resolve(NAME)
    assert first is made[0]
    assert second is not None
    assert second.keys is made[0].keys
    assert second.checks == made[1].checks
    assert second.rules is made[1].rules


async def test_an_issuer_made_anew_has_the_newest_binding(trusted: Trusted, seconds: Clock) -> None:
    """F24, G12: a demand for proofs holds from the next answer on, with the keys at hand."""
    dpop = DPoP(public_origin="https://api.example.com", mode="required")
    first, second = (
        trusted(issuer=NAME, grants=["a"]),
        trusted(issuer=NAME, grants=["a"], dpop=dpop),
    )
    answers = iter([first, second])

    async def resolver(_: str) -> TrustedIssuer:
        return next(answers)

    issuers = ResolvedIssuers(resolver, clock=seconds)
    await issuers.resolve(NAME)
    seconds.now = 300.0
    changed = await issuers.resolve(NAME)
    assert changed is not None
    assert changed.keys is first.keys
    assert changed.binding is second.binding is not None


async def test_the_same_configuration_made_anew_is_the_same_issuer(
    trusted: Trusted, seconds: Clock
) -> None:
    """F24"""
    checks = [lambda token: True]
    first, again = (trusted(issuer=NAME, grants=["a"], checks=checks) for _ in range(2))
    answers = iter([first, again])

    async def resolver(_: str) -> TrustedIssuer:
        return next(answers)

    issuers = ResolvedIssuers(resolver, clock=seconds)
    assert await issuers.resolve(NAME) is first
    seconds.now = 300.0
    assert await issuers.resolve(NAME) is first


async def test_keys_of_another_source_take_the_place_of_the_last_ones(
    trusted: Trusted, seconds: Clock
) -> None:
    """H3"""
    tenants = Tenants(trusted(issuer=NAME, grants=["a"]))
    issuers = ResolvedIssuers(tenants, clock=seconds)
    await issuers.resolve(NAME)
    changed = trusted(issuer=NAME, grants=["a"], keys=StaticJWKSet(MockIssuer().jwk_set()))
    tenants.tenants[NAME] = changed
    seconds.now = 300.0
    assert await issuers.resolve(NAME) is changed
    assert issuers.all() == [changed]


class TestVerification:
    """How a token of a tenant is judged, from memory too."""

    @pytest.fixture
    def seconds_of(self, monkeypatch: pytest.MonkeyPatch) -> Clock:
        clock = Clock(0.0)
        monkeypatch.setattr(
            access_token_verifier,
            "ResolvedIssuers",
            lambda resolver: ResolvedIssuers(resolver, clock=clock),
        )
        return clock

    async def test_new_checks_hold_for_a_token_that_was_seen_before(
        self,
        trusted: Trusted,
        issuer: MockIssuer,
        clock: Any,
        checked: list[bytes],
        seconds_of: Clock,
    ) -> None:
        """F24, H3: and it need not be verified again."""
        allowed = True

        async def resolver(name: str) -> TrustedIssuer:
            now_allowed = allowed
            return trusted(issuer=name, grants=["a"], checks=[lambda token: now_allowed])

        verifier = AccessTokenVerifier(resolver=resolver, clock=clock)
        token = issuer.access_token()
        await verifier.verify(token)
        await verifier.verify(token)
        allowed = False
        await verifier.verify(token)
        seconds_of.now = 300.0
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(token)
        assert refusal.value.reason is Reason.CHECK_FAILED
        allowed = True
        seconds_of.now = 600.0
        await verifier.verify(token)
        await verifier.verify(token)
        assert len(checked) <= 3

    async def test_new_checks_hold_for_all_tokens_of_the_tenant(
        self,
        trusted: Trusted,
        issuer: MockIssuer,
        clock: Any,
        checked: list[bytes],
        seconds_of: Clock,
    ) -> None:
        """F24: once one of them has brought the newest answer."""
        made: list[str] = []

        async def resolver(name: str) -> TrustedIssuer:
            number = len(made)
            made.append(name)
            checks = [lambda token: number == 0 or token.subject == "a"]
            return trusted(issuer=name, grants=["a"], checks=checks)

        verifier = AccessTokenVerifier(resolver=resolver, clock=clock)
        first, second = (issuer.access_token(subject=subject) for subject in "ab")
        for token in (first, second, first, second):
            await verifier.verify(token)
        seconds_of.now = 300.0
        await verifier.verify(first)
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(second)
        assert refusal.value.reason is Reason.CHECK_FAILED
        assert len(made) == 2
        # The second was not verified again: its issuer has the same rules and keys.
        assert len(checked) == 3

    async def test_new_rules_hold_for_a_token_that_was_seen_before(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, seconds_of: Clock
    ) -> None:
        """H3"""
        audience = issuer.audience

        async def resolver(name: str) -> TrustedIssuer:
            return trusted(issuer=name, grants=["a"], audience=audience)

        verifier = AccessTokenVerifier(resolver=resolver, clock=clock)
        token = issuer.access_token()
        await verifier.verify(token)
        audience = "another"
        seconds_of.now = 300.0
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(token)
        assert refusal.value.reason is Reason.WRONG_AUDIENCE

    async def test_a_tenant_that_ended_is_not_known_by_its_keys_or_headers(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, seconds_of: Clock
    ) -> None:
        """H3, E5: neither seen tokens nor new ones."""
        tenants = {issuer.issuer: trusted(grants=["a"])}

        async def resolver(name: str) -> TrustedIssuer | None:
            return tenants.get(name)

        verifier = AccessTokenVerifier(resolver=resolver, clock=clock)
        token = issuer.access_token()
        await verifier.verify(token)
        tenants.clear()
        seconds_of.now = 300.0
        for sent in (token, issuer.access_token(jti="new")):
            with pytest.raises(InvalidToken) as refusal:
                await verifier.verify(sent)
            assert refusal.value.reason is Reason.UNKNOWN_ISSUER

    async def test_a_tenant_grants_what_it_may_and_its_users_are_its_own(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """P1, P2"""

        async def resolver(name: str) -> TrustedIssuer:
            return trusted(issuer=name, grants=["read"])

        verifier = AccessTokenVerifier(resolver=resolver, clock=clock)
        token = await verifier.verify(issuer.access_token(subject="7", scopes="read admin"))
        assert token.scopes == ("read",)
        assert token.claims["scope"] == "read admin"
        assert token.identity == f"{issuer.issuer}|7"


LOOPBACK = ["http://127.0.0.1:8500/", "http://localhost/v1/leave", "HTTP://[::1]:80/"]


@pytest.mark.parametrize("name", LOOPBACK)
async def test_a_tenant_cannot_have_this_machine_asked(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """F24, F12: plain http is accepted for loopback, but not from whoever may be a tenant."""
    asked: list[str] = []

    async def fetch(url: str, headers: Any) -> Any:
        asked.append(url)
        raise OSError("nobody is there")

    answers = {
        "discovered": RemoteJWKSet(issuer=name, fetch=fetch),
        "given": RemoteJWKSet(f"{name}keys", issuer=name, fetch=fetch),
    }
    for keys in answers.values():
        tenants = Tenants(TrustedIssuer(issuer=name, audience="api", grants=["a"], keys=keys))
        verifier = AccessTokenVerifier(resolver=tenants)
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(MockIssuer(issuer=name).access_token())
        assert refusal.value.reason is Reason.UNKNOWN_ISSUER
    assert asked == []
    assert "allow_insecure_http=True" in caplog.text


async def test_this_machine_is_asked_where_that_is_said_by_name(trusted: Trusted) -> None:
    """F24: in development, say."""
    for options in (
        {"issuer": LOOPBACK[0], "allow_insecure_http": True},
        {"issuer": NAME, "jwks_uri": LOOPBACK[0], "allow_insecure_http": True},
        {"issuer": NAME, "jwks_uri": "https://127.0.0.1/keys"},
        {"issuer": LOOPBACK[0], "keys": StaticJWKSet(MockIssuer().jwk_set())},
    ):
        tenant = TrustedIssuer(audience="api", grants=["a"], **options)
        assert await ResolvedIssuers(Tenants(tenant)).resolve(tenant.issuer) is tenant


async def test_a_configured_issuer_may_be_on_this_machine() -> None:
    """F19: whoever configures it is nobody's tenant."""
    keys = RemoteJWKSet(issuer=LOOPBACK[0])
    assert keys.relies_on_loopback is True
    verifier = AccessTokenVerifier(TrustedIssuer(issuer=LOOPBACK[0], audience="api", keys=keys))
    assert [issuer.rules.issuer for issuer in verifier.issuers] == [LOOPBACK[0]]
