"""A key set in step with its file, where the file is in the hands of a test."""

import logging
from typing import Any

import anyio
import pytest

from asgi_jwks.caching.source import Loaded
from asgi_jwks.events.key_set import (
    KeySetEvent,
    SnapshotNotUsed,
    SnapshotNotWritten,
    SnapshotRestored,
)
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.distrust import DistrustedKeys, DistrustList, KeyName
from asgi_jwks.keys.persistence import Persistence
from asgi_jwks.keys.snapshot import Restored, SnapshotRefused

NAME = "https://issuer.example/keys"
FETCHED = Loaded(JWKSet(()))
ONE, TWO = KeyName("kid", "one"), KeyName("kid", "two")


def words(*names: KeyName) -> DistrustList:
    """A list of distrusted keys, said at 1000."""
    said = DistrustList()
    for name in names:
        said = said.with_verdict(name, is_distrusted=True, now=1000.0)
    return said


class File:
    """Stands for a Snapshot: it gives what a test has put there, or raises it."""

    def __init__(self, *, read: Any = None, news: Any = None, fault: OSError | None = None) -> None:
        self.of_read, self.of_news, self.fault = read, news, fault
        self.written: list[tuple[str, DistrustList]] = []
        self.fetched_at: float | None = None

    def read(self) -> Any:
        return self._given(self.of_read)

    def news(self) -> Any:
        return self._given(self.of_news)

    def write(self, loaded: object, *, fetched_at: float, distrusted: DistrustList) -> DistrustList:
        assert loaded is FETCHED
        self.fetched_at = fetched_at
        return self._write("keys", distrusted)

    def write_distrusted(self, distrusted: DistrustList) -> DistrustList:
        return self._write("words", distrusted)

    def _write(self, part: str, distrusted: DistrustList) -> DistrustList:
        self.written.append((part, distrusted))
        if self.fault is not None:
            raise self.fault
        # Another process had something to say meanwhile.
        return distrusted.merged(words(TWO))

    @staticmethod
    def _given(given: Any) -> Any:
        if isinstance(given, Exception):
            raise given
        return given


class Kept:
    """A persistence, and what was heard of it."""

    def __init__(self, file: File | None) -> None:
        self.told: list[KeySetEvent] = []
        self.distrusted = DistrustedKeys(lambda: None)
        snapshot: Any = file
        self.persistence = Persistence(
            NAME, snapshot, self.distrusted, wall_clock=lambda: 2000.0, tell=self.told.append
        )

    def distrusts(self) -> set[str]:
        return set(self.distrusted.list.names("kid"))


@pytest.mark.parametrize("keys", [FETCHED, None])
def test_a_set_that_was_kept_is_told_with_its_age_and_its_words_count_anyway(keys: Any) -> None:
    """F18, F23: also where its keys are too old to be used."""
    restored = Restored(keys, 70.0, words(ONE))
    kept = Kept(File(read=restored))
    assert kept.persistence.restored() is restored
    assert kept.distrusts() == {"one"}
    assert kept.told == ([] if keys is None else [SnapshotRestored(NAME, 70.0)])


def test_nothing_that_was_kept_is_nothing_that_is_told() -> None:
    """F23"""
    for file in (File(), None):
        kept = Kept(file)
        assert kept.persistence.restored() is None
        assert (kept.told, kept.distrusts()) == ([], set())


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["restored", "learn"])
async def test_a_file_that_is_refused_is_told_with_the_reason(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """F18, F23, N1: at a start the words that can be read count all the same."""
    refusal = SnapshotRefused("it belongs to another user")
    refusal.distrusted = words(ONE)
    kept = Kept(File(read=refusal, news=refusal))
    if way == "restored":
        assert kept.persistence.restored() is None
        assert kept.distrusts() == {"one"}
    else:
        await kept.persistence.learn()
    assert kept.told == [SnapshotNotUsed(NAME, "it belongs to another user")]
    line = f"{NAME}: the key set snapshot is not used: it belongs to another user"
    assert [record.getMessage() for record in caplog.records] == [line]


@pytest.mark.anyio
async def test_a_set_that_was_fetched_is_kept_with_the_words_and_others_are_learned() -> None:
    """F17, F18, F23"""
    file = File()
    kept = Kept(file)
    kept.distrusted.merge(words(ONE))
    await kept.persistence.keep(FETCHED, fetched_at=1234.0)
    assert file.written == [("keys", words(ONE))]
    assert file.fetched_at == 1234.0
    assert kept.distrusts() == {"one", "two"}
    assert kept.told == []


@pytest.mark.anyio
async def test_words_of_other_processes_are_learned() -> None:
    """F17"""
    kept = Kept(File(news=words(ONE, TWO)))
    await kept.persistence.learn()
    assert kept.distrusts() == {"one", "two"}
    kept = Kept(None)
    await kept.persistence.learn()
    assert kept.distrusts() == set()


@pytest.mark.anyio
async def test_a_disk_that_fails_costs_no_key_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F23, N1: the keys are good all the same."""
    fault = OSError("no space left")
    kept = Kept(File(fault=fault))
    await kept.persistence.keep(FETCHED, fetched_at=1234.0)
    [told] = kept.told
    assert isinstance(told, SnapshotNotWritten)
    assert (told.key_set, told.error) == (NAME, fault)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == f"{NAME}: the key set snapshot could not be written: {fault}"


@pytest.mark.anyio
async def test_a_disk_that_hangs_is_told_once_per_interval(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """W6, P4: it is looked at every 30 seconds."""
    kept = Kept(File(news=TimeoutError("the disk hangs")))
    for _ in range(3):
        await kept.persistence.learn()
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{NAME}: the key set snapshot is not read: the disk took longer than ")


@pytest.mark.anyio
async def test_the_end_of_a_fetch_s_time_does_not_end_the_writing() -> None:
    """F9, F23: its keys are here."""
    file = File()
    kept = Kept(file)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await kept.persistence.keep(FETCHED, fetched_at=1234.0)
    assert len(file.written) == 1
    assert kept.distrusts() == {"two"}


@pytest.mark.parametrize("news", [None, words(TWO), SnapshotRefused("it is not JSON")], ids=repr)
def test_a_word_is_written_behind_those_of_others(news: Any) -> None:
    """F17, F18: also into a file that could not be read."""
    file = File(news=news)
    kept = Kept(file)
    assert kept.persistence.say(ONE, is_distrusted=True) == (True, True)
    [(part, written)] = file.written
    assert part == "words"
    assert written.holds(ONE)
    assert written.holds(TWO) is isinstance(news, DistrustList)
    assert kept.distrusts() == {"one", "two"}
    assert kept.persistence.say(ONE, is_distrusted=True) == (False, True)
    assert kept.persistence.say(ONE, is_distrusted=False) == (True, True)
    assert not file.written[-1][1].holds(ONE)
    assert kept.told == []


def test_the_last_word_is_the_one_that_counts() -> None:
    """F18: after what another process has said, though its clock is ahead."""
    ahead = DistrustList().with_verdict(ONE, is_distrusted=True, now=5000.0)
    kept = Kept(File(news=ahead))
    assert kept.persistence.say(ONE, is_distrusted=False) == (True, True)
    assert "one" not in kept.distrusts()


def test_a_word_that_could_not_be_written_counts_here_and_is_told_to_be_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F17, P4: an operator has to say it to each process."""
    fault = OSError("read-only")
    kept = Kept(File(fault=fault))
    assert kept.persistence.say(ONE, is_distrusted=True) == (True, False)
    assert kept.distrusts() == {"one"}
    [told] = kept.told
    assert isinstance(told, SnapshotNotWritten)
    assert (told.key_set, told.error) == (NAME, fault)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_without_a_file_a_word_counts_in_this_process() -> None:
    """F17"""
    kept = Kept(None)
    assert kept.persistence.say(ONE, is_distrusted=True) == (True, False)
    assert kept.persistence.say(ONE, is_distrusted=True) == (False, False)
    assert kept.distrusts() == {"one"}
    assert kept.persistence.now() == 2000.0
