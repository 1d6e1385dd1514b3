"""A mock issuer and the events of its keys; the disk of tests in time that jumps."""

import os
from collections.abc import Callable

import pytest
from tests.support.key_look_ups import ticking

from asgi_jwks.events import KeySetEvent
from asgi_jwks.keys import directory_lock, disk
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer


class _Inline:
    """Work of threads, done at once: a loop whose time jumps does not wait for threads."""

    @staticmethod
    async def run_sync(work: Callable[[], object], *, abandon_on_cancel: bool) -> object:
        return work()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is not about the disk's deadlines: a busy machine writes late."""
    monkeypatch.setattr(disk, "DISK_TIMEOUT", 60.0)
    monkeypatch.setattr(directory_lock, "LONGEST_WAIT", 60.0)


@pytest.fixture
def inline_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots are written in the loop itself, and nobody waits for the platter."""
    monkeypatch.setattr(disk, "to_thread", _Inline)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def issuer() -> MockIssuer:
    return MockIssuer(algorithm="ES256")


@pytest.fixture
def told() -> list[KeySetEvent]:
    return []


@pytest.fixture
def keys(issuer: MockIssuer, told: list[KeySetEvent]) -> RemoteJWKSet:
    """The keys of the issuer, in a process that has just begun."""
    return RemoteJWKSet(
        issuer.jwks_uri,
        http_client=issuer.http_client(),
        listener=told.append,
        clock=ticking(),
    )
