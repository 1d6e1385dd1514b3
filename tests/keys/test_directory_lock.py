"""Processes of one host change a file one after the other, and never wait for long."""

import os
from pathlib import Path

import pytest

from asgi_jwks.keys import directory_lock
from asgi_jwks.keys.directory_lock import directory_locked


def test_a_second_holder_waits_for_the_first(tmp_path: Path) -> None:
    """F17: two file descriptors, as of two processes."""
    slept: list[float] = []
    first = directory_locked(tmp_path)
    first.__enter__()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            first.__exit__(None, None, None)

    with directory_locked(tmp_path, sleep=sleep):
        assert len(slept) == 3


def test_a_holder_that_hangs_stops_nobody(tmp_path: Path) -> None:
    """F10."""
    slept: list[float] = []
    with directory_locked(tmp_path), directory_locked(tmp_path, sleep=slept.append):
        assert sum(slept) == pytest.approx(directory_lock.LONGEST_WAIT)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors cannot be listed")
def test_a_child_that_was_forked_meanwhile_does_not_keep_the_lock(tmp_path: Path) -> None:
    """F21: what a child inherits is the very lock, by another descriptor."""
    with directory_locked(tmp_path):
        inherited = [os.dup(descriptor) for descriptor in descriptors_of(tmp_path)]
    slept: list[float] = []
    with directory_locked(tmp_path, sleep=slept.append):
        assert not slept
    assert len(inherited) == 1
    os.close(inherited[0])


def descriptors_of(directory: Path) -> list[int]:
    own = Path("/proc/self/fd")
    return [int(each.name) for each in own.iterdir() if os.path.realpath(each) == str(directory)]


def test_there_is_no_such_lock_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_lock, "_fcntl", None)
    with directory_locked(tmp_path / "missing"):
        pass


def test_a_directory_that_is_missing_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), directory_locked(tmp_path / "missing"):
        pass
