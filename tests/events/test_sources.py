"""Events of snapshots, resolvers and tenants' key sets, by their real sources."""

import logging
from inspect import isclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.support.clock import Clock

from asgi_jwks import (
    AccessTokenVerifier,
    DPoP,
    InvalidKeySet,
    InvalidToken,
    KeySetUnavailable,
    ProofOfPossession,
    Reason,
    RemoteJWKSet,
    ReplayMemory,
    ReplayStoreUnavailable,
    StaticJWKSet,
    TrustedIssuer,
    events,
)
from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.kept_answers import KeyedPeriod
from asgi_jwks.events import (
    Event,
    KeySetEvent,
    KeySetRefreshed,
    ProofUse,
    ProofUsed,
    RefreshFailed,
    RequestRefused,
    Resolution,
    ResolverAnswered,
    ResolverBudgetSpent,
    ResolverFailed,
    ResolverMistaken,
    SnapshotNotUsed,
    SnapshotNotWritten,
    SnapshotRestored,
    Unavailable,
)
from asgi_jwks.events.key_set import ERROR_TYPES
from asgi_jwks.fetching.response import FetchFailed
from asgi_jwks.testing import MockIssuer, ProofKey
from asgi_jwks.tokens.resolver import ResolvedIssuers


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is not about the disk's deadline: a busy machine writes late."""
    monkeypatch.setattr("asgi_jwks.keys.disk.DISK_TIMEOUT", 60.0)


def key_set(issuer: MockIssuer, **options: Any) -> RemoteJWKSet:
    return RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client(), **options)


@pytest.mark.anyio
async def test_a_snapshot_that_is_restored_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """N1, N10: at INFO, as each change of state."""
    caplog.set_level(logging.INFO, "asgi_jwks.keys")
    issuer, path = MockIssuer(), tmp_path / "keys.json"
    await key_set(issuer, snapshot=path).warm()
    heard: list[KeySetEvent] = []
    key_set(issuer, snapshot=path, listener=heard.append)
    [event] = heard
    assert isinstance(event, SnapshotRestored)
    assert 0 <= event.age < 60
    caplog.clear()
    key_set(issuer, snapshot=path)
    assert "began with the keys of a snapshot, fetched" in caplog.text


@pytest.mark.anyio
async def test_a_snapshot_that_is_of_no_use_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """N1, F23"""
    issuer, heard = MockIssuer(), list[KeySetEvent]()
    path = tmp_path / "keys.json"
    path.write_text("{")
    path.chmod(0o600)
    key_set(issuer, snapshot=path, listener=heard.append)
    keys = key_set(issuer, snapshot=tmp_path / "nowhere" / "keys.json", listener=heard.append)
    await keys.warm()
    keys.distrust(kid="k")
    kinds = [type(event) for event in heard]
    assert kinds[0] is SnapshotNotUsed
    assert kinds.count(SnapshotNotWritten) == 2
    key_set(issuer, snapshot=path)
    assert "the key set snapshot is not used: " in caplog.text
    await key_set(issuer, snapshot=tmp_path / "nowhere" / "keys.json").warm()
    assert "the key set snapshot could not be written: " in caplog.text


@pytest.mark.anyio
async def test_a_document_that_is_not_a_key_set_is_told_with_its_url(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F22: in the event, in the error and in the line of the log."""
    issuer, heard = MockIssuer(), list[KeySetEvent]()
    issuer.jwks.document(b"<!doctype html>")
    with pytest.raises(KeySetUnavailable, match=issuer.jwks_uri):
        await key_set(issuer, listener=heard.append).warm()
    [failed] = heard
    assert isinstance(failed, RefreshFailed)
    assert (failed.url, failed.error_type) == (issuer.jwks_uri, "invalid_key_set")
    assert issuer.jwks_uri in str(failed.error)
    with pytest.raises(KeySetUnavailable):
        await key_set(issuer).warm()
    assert f"{issuer.jwks_uri}: fetching the keys failed" in caplog.text


def test_the_guide_names_each_event() -> None:
    """N1: those that happen; their bases are for `isinstance`."""
    guide = Path(__file__).parents[2] / "docs" / "guides" / "metrics.md"
    text = guide.read_text(encoding="utf-8")
    kinds = {value for value in vars(events).values() if isclass(value)}
    happening = {
        kind.__name__ for kind in kinds if issubclass(kind, Event) and not kind.__subclasses__()
    }
    assert {name for name in happening if f"`{name}`" not in text} == set()


class Tenants:
    """A resolver of one tenant, and of names about which it is mistaken or fails."""

    def __init__(self) -> None:
        self.tenant = MockIssuer(issuer="https://tenant.example/")
        self.heard: list[Event] = []
        self.verifier = AccessTokenVerifier(resolver=self.resolve, listener=self.heard.append)

    async def resolve(self, name: str) -> TrustedIssuer:
        if "failing" in name:
            raise ConnectionError("the database does not answer")
        return TrustedIssuer(
            issuer=self.tenant.issuer,
            audience=self.tenant.audience,
            grants=["read"],
            keys=key_set(self.tenant),
        )


@pytest.mark.anyio
async def test_a_resolver_that_fails_or_errs_is_told() -> None:
    """N1, F24"""
    tenants = Tenants()
    failing = MockIssuer(issuer="https://failing.example/")
    with pytest.raises(KeySetUnavailable):
        await tenants.verifier.verify(failing.access_token())
    failed, unavailable = tenants.heard
    assert isinstance(failed, ResolverFailed)
    assert isinstance(failed.error, ConnectionError)
    assert failed.error_type == "_other"
    assert isinstance(unavailable, Unavailable)
    with pytest.raises(InvalidToken):
        await tenants.verifier.verify(MockIssuer(issuer="https://b.example/").access_token())
    *_, mistaken, refused = tenants.heard
    assert mistaken == ResolverMistaken("it is another issuer than was asked for")
    assert isinstance(refused, RequestRefused)


@pytest.mark.anyio
async def test_a_tenants_key_set_is_told_without_its_name() -> None:
    """N1, N7: a label for each tenant would be a series for each."""
    tenants = Tenants()
    await tenants.verifier.verify(tenants.tenant.access_token())
    # The same listener once more is no second one.
    tenants.verifier.add_listener(tenants.heard.append)
    answered, refreshed, _ = tenants.heard
    assert answered == ResolverAnswered(Resolution.FOUND)
    assert isinstance(refreshed, KeySetRefreshed)
    assert refreshed.key_set == "_other"


@pytest.mark.anyio
async def test_each_answer_of_a_resolver_is_told_and_its_state_can_be_asked_for() -> None:
    """N5: found, unknown, refused; when it answered last, and the tenants by their keys' state."""
    tenants, clock, heard = Tenants(), Clock(0.0), list[Event]()

    async def resolver(name: str) -> TrustedIssuer | None:
        clock.now += 0.5
        if "refused" in name:
            raise InvalidToken(Reason.UNKNOWN_ISSUER)
        return await tenants.resolve(name) if "tenant" in name else None

    resolved = ResolvedIssuers(resolver, budget=Budget(burst=3, interval=100.0), clock=clock)
    resolved.add_listener(heard.append)
    assert resolved.age() is None
    assert await resolved.resolve(tenants.tenant.issuer) is not None
    assert await resolved.resolve("https://unknown.example/") is None
    with pytest.raises(InvalidToken):
        await resolved.resolve("https://refused.example/")
    clock.now += 2.0
    assert resolved.age() == 2.0
    answers = [event for event in heard if isinstance(event, ResolverAnswered)]
    assert [str(answer.resolution) for answer in answers] == ["found", "unknown", "refused"]
    assert [answer.seconds for answer in answers] == [0.5, 0.5, 0.5]
    # The one question that was given back, and then none: told once.
    for number in range(4):
        assert await resolved.resolve(f"https://{number}.example/") is None
    assert heard.count(ResolverBudgetSpent()) == 1
    clock.now += 100.0
    for number in range(4):
        assert await resolved.resolve(f"https://{number}.example/") is None
    assert heard.count(ResolverBudgetSpent()) == 2


@pytest.mark.anyio
async def test_a_resolver_that_is_late_is_told_with_the_time_that_it_took() -> None:
    """N5"""
    heard: list[Event] = []

    async def late(name: str) -> None:
        await anyio.sleep_forever()

    resolved = ResolvedIssuers(late, period=KeyedPeriod(timeout=0.01))
    resolved.add_listener(heard.append)
    with pytest.raises(KeySetUnavailable):
        await resolved.resolve("https://tenant.example/")
    [failed] = heard
    assert isinstance(failed, ResolverFailed)
    assert failed.error_type == "timeout"
    assert failed.seconds >= 0.01


@pytest.mark.anyio
async def test_the_memory_of_used_proofs_is_measured_and_its_uses_are_told() -> None:
    """N5: of a tenant's proofs too; each memory once, whoever shares it."""
    heard: list[Event] = []
    dpop = DPoP(public_origin="https://api.example.com", replay_store=ReplayMemory(capacity=1))
    gate = DPoP(public_origin="https://api.example.com", consume_proofs=False)
    issuer = MockIssuer(issuer="https://tenant.example/")
    options: Any = {"audience": issuer.audience, "keys": StaticJWKSet(issuer.jwk_set())}

    async def resolver(name: str) -> TrustedIssuer:
        return TrustedIssuer(issuer=name, grants=[], dpop=dpop, **options)

    verifier = AccessTokenVerifier(
        TrustedIssuer(issuer="https://a.example/", dpop=dpop, **options),
        TrustedIssuer(issuer="https://b.example/", dpop=gate, **options),
        TrustedIssuer(issuer="https://c.example/", **options),
        resolver=resolver,
        listener=heard.append,
    )
    key, url = ProofKey(), "https://api.example.com/"
    token = issuer.access_token(cnf=key.confirmation)
    for expected in (ProofUse.FIRST, ProofUse.MEMORY_FULL):
        proof = ProofOfPossession(
            method="GET",
            url="/",
            fields=list(key.headers("GET", url, token).items()),
        )
        try:
            await verifier.verify(token, proof=proof)
        except ReplayStoreUnavailable:
            assert expected is ProofUse.MEMORY_FULL
        assert [e for e in heard if isinstance(e, ProofUsed)][-1].use is expected
    [memory] = verifier.replay_memories()
    assert (len(memory), memory.capacity) == (1, 1)
    state = verifier.resolver_state()
    assert state is not None
    assert state.tenants == {"given": 1}
    assert gate.replay_memory is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeySetUnavailable("no complete answer within 5 s"), "timeout"),
        (InvalidKeySet("not JSON"), "invalid_key_set"),
        (FetchFailed("HTTP status 500"), "answer"),
        (FetchFailed("ConnectError"), "connection"),
        (FetchFailed("no metadata document"), "answer"),
        (ZeroDivisionError(), "_other"),
    ],
    ids=["late", "document", "status", "connection", "metadata", "other"],
)
def test_the_error_of_a_fetch_is_of_a_closed_set(
    error: Exception, kind: str, request: pytest.FixtureRequest
) -> None:
    """N7: whatever a client or a callable of the application's own raises."""
    causes = {"ConnectError": OSError("refused"), "no metadata document": FetchFailed("HTTP 404")}
    error.__cause__ = causes.get(str(error))
    event = RefreshFailed("https://issuer.example/", error, 1, 1.0)
    assert event.error_type == kind
    assert kind in ERROR_TYPES
