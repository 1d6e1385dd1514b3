"""Events of snapshots, resolvers and tenants' key sets, by their real sources."""

import logging
from pathlib import Path
from typing import Any

import pytest

from asgi_jwks import (
    AccessTokenVerifier,
    InvalidKeySet,
    InvalidToken,
    KeySetUnavailable,
    RemoteJWKSet,
    TrustedIssuer,
)
from asgi_jwks.events import (
    Event,
    KeySetEvent,
    KeySetRefreshed,
    RefreshFailed,
    RequestRefused,
    ResolverFailed,
    ResolverMistaken,
    SnapshotNotUsed,
    SnapshotNotWritten,
    SnapshotRestored,
    Unavailable,
)
from asgi_jwks.events.key_set import ERROR_TYPES
from asgi_jwks.fetching.response import FetchFailed
from asgi_jwks.testing import MockIssuer


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
    assert f": {issuer.jwks_uri}: The JWK Set is not strict JSON" in caplog.text


class Tenants:
    """A resolver of one tenant, and of names about which it is mistaken or fails."""

    def __init__(self) -> None:
        self.tenant = MockIssuer(issuer="https://tenant.example/")
        self.heard: list[Event] = []
        self.verifier = AccessTokenVerifier(resolver=self._resolve, listener=self.heard.append)

    async def _resolve(self, name: str) -> TrustedIssuer:
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
    refreshed, _ = tenants.heard
    assert isinstance(refreshed, KeySetRefreshed)
    assert refreshed.key_set == "_other"


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
