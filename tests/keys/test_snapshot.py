"""The last good set on disk, trusted no further than its keys were."""

import base64
import json
import os
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest

from asgi_jwks.caching.freshness import Phase
from asgi_jwks.caching.source import Loaded
from asgi_jwks.fetching.response import Representation
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.distrust import DistrustList, KeyName
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.keys.snapshot import Restored, Snapshot, SnapshotRefused
from asgi_jwks.testing import MockIssuer, SigningKey

NOW = 1_700_000_000.0
KEY = SigningKey.generate("ES256")
URL = "https://issuer.example/keys"
NONE = DistrustList()


def a_set(*keys: SigningKey, etag: str | None = '"1"') -> Loaded[JWKSet]:
    document = json.dumps({"keys": [key.public_jwk() for key in keys or (KEY,)]}).encode()
    return Loaded(JWKSet.parse(document), 300.0, Representation(URL, document, etag))


def key_ids(restored: Restored) -> tuple[str, ...]:
    assert restored.loaded is not None
    return restored.loaded.value.key_ids


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def snapshot(path: Path) -> Snapshot:
    return Snapshot(path, owner="issuer", wall_clock=lambda: NOW)


def test_what_is_written_is_read_with_its_age(snapshot: Snapshot) -> None:
    written = a_set()
    snapshot.write(written, fetched_at=NOW - 100, distrusted=NONE)
    restored = snapshot.read()
    assert restored is not None
    assert restored.age == 100
    assert restored.loaded is not None
    assert restored.loaded.value.key_ids == (KEY.kid,)
    assert restored.loaded.representation == written.representation
    assert restored.loaded.advised == 300.0


def test_before_the_first_write_there_is_nothing(snapshot: Snapshot) -> None:
    assert snapshot.read() is None


def tampered(path: Path, **members: object) -> None:
    record = json.loads(path.read_bytes())
    record.update(members)
    path.write_text(json.dumps({name: m for name, m in record.items() if m is not ...}))


def encoded(document: object) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


TAMPERED = [
    {"form": 3},
    {"form": ...},
    {"owner": "another issuer"},
    {"owner": ...},
    {"fetched_at": "now"},
    pytest.param({"fetched_at": 10**400}, id="fetched_at 10**400"),
    {"fetched_at": True},
    {"fetched_at": NOW + 61},
    {"fetched_at": ...},
    {"url": 7},
    {"etag": 7},
    {"advised": "long"},
    pytest.param({"advised": 10**400}, id="advised 10**400"),
    {"document": 7},
    {"document": "not base64!"},
    {"document": "é"},
    {"document": ""},
    {"document": encoded([])},
    {"document": encoded({"keys": []})},
    pytest.param(
        {"document": encoded({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})}, id="no usable key"
    ),
]


@pytest.mark.parametrize("members", TAMPERED)
def test_a_file_that_was_tampered_with_is_refused(
    snapshot: Snapshot, path: Path, members: dict[str, Any]
) -> None:
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    tampered(path, **members)
    with pytest.raises(SnapshotRefused):
        snapshot.read()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\x00" * 100, b'{"form": 1', b" " * 1_000_000],
    ids=["nothing", "an object", "a list", "NULs", "half an object", "a megabyte of spaces"],
)
def test_a_file_that_is_no_snapshot_is_refused(
    snapshot: Snapshot, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(SnapshotRefused):
        snapshot.read()


def test_a_path_that_cannot_be_read_is_refused(snapshot: Snapshot, path: Path) -> None:
    path.mkdir()
    with pytest.raises(SnapshotRefused, match="not a regular file"):
        snapshot.read()


def test_an_entity_tag_that_cannot_be_sent_is_dropped(snapshot: Snapshot) -> None:
    snapshot.write(a_set(etag='"a\r\nx: y"'), fetched_at=NOW, distrusted=NONE)
    restored = snapshot.read()
    assert restored is not None
    assert restored.loaded is not None
    assert isinstance(restored.loaded.representation, Representation)
    assert restored.loaded.representation.etag is None


def test_clocks_of_two_machines_may_differ_a_little(snapshot: Snapshot) -> None:
    snapshot.write(a_set(), fetched_at=NOW + 30, distrusted=NONE)
    restored = snapshot.read()
    assert restored is not None
    assert restored.age == 0


def test_a_write_that_fails_leaves_the_file_before_and_nothing_else(
    snapshot: Snapshot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    before = path.read_bytes()

    def fail(self: Path, target: Path) -> Path:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="full"):
        snapshot.write(a_set(SigningKey.generate("ES256")), fetched_at=NOW, distrusted=NONE)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_many_writers_and_readers_share_the_file(snapshot: Snapshot, path: Path) -> None:
    sets = [a_set(SigningKey.generate("ES256")) for _ in range(4)]
    kids = {each.value.key_ids for each in sets}
    start = threading.Barrier(8)

    def write(loaded: Loaded[JWKSet]) -> None:
        start.wait()
        for _ in range(50):
            snapshot.write(loaded, fetched_at=NOW, distrusted=NONE)

    def read(loaded: Loaded[JWKSet]) -> None:
        start.wait()
        for _ in range(50):
            restored = snapshot.read()
            assert restored is None or key_ids(restored) in kids

    with ThreadPoolExecutor(8) as threads:
        for work in [threads.submit(do, a_set) for do in (write, read) for a_set in sets]:
            work.result()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


# With a key set around it.


@pytest.fixture
def issuer() -> MockIssuer:
    return MockIssuer(algorithm="ES256")


def remote(issuer: MockIssuer, path: Path) -> RemoteJWKSet:
    return RemoteJWKSet(
        issuer.jwks_uri,
        http_client=issuer.http_client(),
        snapshot=path,
        listener=lambda event: None,
    )


def aged(path: Path, seconds: float) -> None:
    tampered(path, fetched_at=time.time() - seconds)


@pytest.mark.anyio
async def test_a_process_that_starts_during_an_outage_begins_with_the_last_good_set(
    issuer: MockIssuer, path: Path
) -> None:
    await remote(issuer, path).refresh()
    issuer.jwks.fail(500)
    keys = remote(issuer, path)
    found = await keys.find(issuer.signing_key.kid, "ES256", lambda: None)
    assert found.kid == issuer.signing_key.kid
    assert issuer.jwks.count == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("age", "phase"), [(10, Phase.FRESH), (700, Phase.STALE), (4300, Phase.EXPIRED)]
)
async def test_trust_in_a_snapshot_counts_from_its_fetch(
    issuer: MockIssuer, path: Path, age: float, phase: Phase
) -> None:
    """F6: the same bound as without one."""
    await remote(issuer, path).refresh()
    aged(path, age)
    keys = remote(issuer, path)
    assert keys.health().phase is phase
    await keys.refresh()
    assert issuer.jwks.requests[-1].headers["if-none-match"]
    restored = Snapshot(path, owner=issuer.jwks_uri, wall_clock=time.time).read()
    assert restored is not None
    assert restored.age < 5


@pytest.mark.anyio
@pytest.mark.parametrize(
    "tamper",
    [
        lambda path: tampered(path, owner="another"),
        lambda path: path.write_bytes(b"garbage"),
    ],
)
async def test_a_refused_snapshot_is_logged_and_replaced(
    issuer: MockIssuer,
    path: Path,
    tamper: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await remote(issuer, path).refresh()
    tamper(path)
    keys = remote(issuer, path)
    assert "snapshot is not used" in caplog.text
    assert keys.health().phase is Phase.EMPTY
    await keys.refresh()
    assert remote(issuer, path).health().phase is Phase.FRESH


@pytest.mark.anyio
async def test_a_snapshot_that_cannot_be_written_is_no_failure(
    issuer: MockIssuer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = remote(issuer, tmp_path / "missing" / "keys.json")
    await keys.refresh()
    assert keys.health().failures == 0
    assert "could not be written" in caplog.text


@pytest.mark.anyio
async def test_a_disk_that_hangs_does_not_hold_up_the_keys(
    issuer: MockIssuer,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F10: and it is told, of the reading once."""
    disk = threading.Event()

    def hang(*_args: object, **_options: object) -> None:
        disk.wait(60)

    monkeypatch.setattr("asgi_jwks.keys.disk.DISK_TIMEOUT", 0.05)
    monkeypatch.setattr(Snapshot, "write", hang)
    monkeypatch.setattr(Snapshot, "news", hang)
    try:
        keys = remote(issuer, path)
        with anyio.fail_after(30):
            await keys.refresh()
            await keys.refresh()
        assert keys.health().phase is Phase.FRESH
    finally:
        disk.set()
    assert caplog.text.count("could not be written: the disk took longer than 0.05 s") == 2
    assert caplog.text.count("is not read: the disk took longer than 0.05 s") == 1


# Whose file it is.

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX")


@posix
def test_a_file_is_written_for_its_user_alone(snapshot: Snapshot, path: Path) -> None:
    """F23."""
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    snapshot.write_distrusted(NONE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o777])
def test_a_file_that_others_may_write_is_refused(snapshot: Snapshot, path: Path, mode: int) -> None:
    """F23: with a sentence that says what to write."""
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    path.chmod(mode)
    with pytest.raises(SnapshotRefused, match=rf"may write it \(mode {mode:o}\): chmod go-w"):
        snapshot.read()
    path.chmod(0o644)
    assert snapshot.read() is not None


@posix
def test_a_file_of_another_user_is_refused(
    snapshot: Snapshot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F23."""
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    monkeypatch.setattr("asgi_jwks.keys.private_file._effective_user", lambda: 4711)
    with pytest.raises(SnapshotRefused, match=r"its owner is the user \d+ and not 4711"):
        snapshot.read()


def test_where_files_have_no_such_owner_the_file_is_used(
    snapshot: Snapshot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F23: Windows."""
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    monkeypatch.setattr("asgi_jwks.keys.private_file._effective_user", None)
    assert snapshot.read() is not None


@posix
def test_a_link_is_refused_and_a_write_replaces_it(
    snapshot: Snapshot, path: Path, tmp_path: Path
) -> None:
    """F23."""
    elsewhere = tmp_path / "elsewhere.json"
    Snapshot(elsewhere, owner="issuer", wall_clock=lambda: NOW).write(
        a_set(), fetched_at=NOW, distrusted=NONE
    )
    path.symlink_to(elsewhere)
    with pytest.raises(SnapshotRefused, match="it is a symbolic link"):
        snapshot.read()
    before = elsewhere.read_bytes()
    snapshot.write(a_set(SigningKey.generate("ES256")), fetched_at=NOW, distrusted=NONE)
    assert not path.is_symlink()
    assert elsewhere.read_bytes() == before


@posix
def test_a_fifo_is_refused_and_not_waited_for(snapshot: Snapshot, path: Path) -> None:
    """F23."""
    os.mkfifo(path)
    with pytest.raises(SnapshotRefused, match="not a regular file"):
        snapshot.read()


@posix
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(device: str) -> None:
    """F23."""
    with pytest.raises(SnapshotRefused, match="not a regular file"):
        Snapshot(Path(device), owner="issuer", wall_clock=lambda: NOW).read()


def test_a_file_that_is_too_large_is_refused(snapshot: Snapshot, path: Path) -> None:
    """F23."""
    path.write_bytes(b" " * 3_000_000)
    with pytest.raises(SnapshotRefused, match="it is larger than"):
        snapshot.read()


def test_a_file_that_cannot_be_opened_is_refused(
    snapshot: Snapshot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F23."""

    def no(*args: object) -> int:
        raise PermissionError("no")

    monkeypatch.setattr(os, "open", no)
    with pytest.raises(SnapshotRefused, match="it cannot be read: no"):
        snapshot.read()


# The keys that are not trusted.


def distrusting(*kids: str, now: float = NOW) -> DistrustList:
    distrusted = DistrustList()
    for kid in kids:
        name = KeyName.of(kid=kid, thumbprint=None)
        distrusted = distrusted.with_verdict(name, is_distrusted=True, now=now)
    return distrusted


def test_the_file_keeps_the_keys_that_are_not_trusted(snapshot: Snapshot) -> None:
    """F17."""
    snapshot.write(a_set(), fetched_at=NOW - 100, distrusted=distrusting("one"))
    assert snapshot.write_distrusted(distrusting("two")).names("kid") == ("two", "one")
    restored = snapshot.read()
    assert restored is not None
    assert sorted(restored.distrusted.names("kid")) == ["one", "two"]
    assert (restored.age, key_ids(restored)) == (100, (KEY.kid,))


def test_keys_can_be_distrusted_before_any_set_was_fetched(snapshot: Snapshot) -> None:
    """F17: and the set that is written later does not forget them."""
    snapshot.write_distrusted(distrusting("one"))
    restored = snapshot.read()
    assert restored is not None
    assert (restored.loaded, restored.distrusted.names("kid")) == (None, ("one",))
    merged = snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    assert merged.names("kid") == ("one",)


def test_a_file_of_the_first_form_has_no_such_list(snapshot: Snapshot, path: Path) -> None:
    snapshot.write(a_set(), fetched_at=NOW, distrusted=distrusting("one"))
    tampered(path, form=1, distrusted=...)
    restored = snapshot.read()
    assert restored is not None
    assert restored.distrusted == NONE


def test_a_list_of_another_form_is_refused(snapshot: Snapshot, path: Path) -> None:
    """F23: a file whose list cannot be read is not used for its keys either."""
    snapshot.write(a_set(), fetched_at=NOW, distrusted=distrusting("one"))
    tampered(path, distrusted=["one"])
    with pytest.raises(SnapshotRefused, match="list of distrusted keys"):
        snapshot.read()
    assert snapshot.write_distrusted(distrusting("two")).names("kid") == ("two",)


def test_news_is_what_another_process_wrote(snapshot: Snapshot, path: Path) -> None:
    """F17."""
    other = Snapshot(path, owner="issuer", wall_clock=lambda: NOW)
    assert snapshot.news() is None
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    assert snapshot.news() is None
    other.write_distrusted(distrusting("one"))
    news = snapshot.news()
    assert news is not None
    assert news.names("kid") == ("one",)
    assert snapshot.news() is None
    path.write_bytes(b"garbage")
    with pytest.raises(SnapshotRefused):
        snapshot.news()
    assert snapshot.news() is None


def test_news_of_a_file_that_vanishes_is_no_news(
    snapshot: Snapshot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F17: between the two looks at it."""
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    snapshot._file._seen = None
    monkeypatch.setattr(Snapshot, "_record", lambda self: None)
    assert snapshot.news() is None


def test_processes_that_distrust_at_once_do_not_forget_each_others_keys(
    path: Path,
) -> None:
    """F17."""
    start = threading.Barrier(8)

    def distrust(number: int) -> None:
        own = Snapshot(path, owner="issuer", wall_clock=lambda: NOW)
        start.wait()
        for each in range(5):
            own.write_distrusted(distrusting(f"{number}-{each}"))

    with ThreadPoolExecutor(8) as threads:
        for work in [threads.submit(distrust, number) for number in range(8)]:
            work.result()
    restored = Snapshot(path, owner="issuer", wall_clock=lambda: NOW).read()
    assert restored is not None
    assert len(restored.distrusted.names("kid")) == 40


def test_only_a_set_that_was_fetched_is_kept(snapshot: Snapshot) -> None:
    with pytest.raises(TypeError):
        snapshot.write(Loaded(a_set().value), fetched_at=NOW, distrusted=NONE)


def test_an_older_set_never_replaces_a_newer_one(snapshot: Snapshot) -> None:
    """F5, F16: a fetch of another loop or process may end long after a later one."""
    newer, older = a_set(SigningKey.generate("ES256")), a_set()
    snapshot.write(newer, fetched_at=NOW - 10, distrusted=NONE)
    assert snapshot.write(older, fetched_at=NOW - 20, distrusted=distrusting("one")) != NONE
    restored = snapshot.read()
    assert restored is not None
    assert key_ids(restored) == newer.value.key_ids
    assert restored.distrusted.names("kid") == ("one",)


def test_a_set_from_the_future_is_replaced(snapshot: Snapshot) -> None:
    """F18: after the wall clock was set back."""
    snapshot.write(a_set(SigningKey.generate("ES256")), fetched_at=NOW + 3600, distrusted=NONE)
    snapshot.write(a_set(), fetched_at=NOW, distrusted=NONE)
    restored = snapshot.read()
    assert restored is not None
    assert key_ids(restored) == (KEY.kid,)


@pytest.mark.parametrize("members", [{"fetched_at": NOW + 61}, {"document": encoded([])}])
def test_the_list_of_a_file_whose_keys_are_refused_counts(
    snapshot: Snapshot, path: Path, members: dict[str, Any]
) -> None:
    """F17."""
    snapshot.write(a_set(), fetched_at=NOW, distrusted=distrusting("one"))
    tampered(path, **members)
    with pytest.raises(SnapshotRefused) as refused:
        snapshot.read()
    assert refused.value.distrusted.names("kid") == ("one",)
