"""Work on a disk: its threads are few, also where it hangs."""

import threading
from functools import partial

import anyio
import pytest
from anyio import to_thread

from asgi_jwks.keys import disk
from asgi_jwks.keys.disk import MOST_THREADS, Disk

pytestmark = pytest.mark.anyio


async def test_work_is_done_and_its_errors_are_its_own() -> None:
    assert await Disk().run(lambda: 7) == 7
    with pytest.raises(FileNotFoundError):
        await Disk().run(partial(open, "/nowhere/at/all"))


async def test_a_disk_that_hangs_keeps_a_few_threads() -> None:
    """H4: however often it is asked meanwhile; and it is asked again once it goes on."""
    goes_on, at_work, asked = threading.Event(), threading.Semaphore(0), Disk()

    def hang() -> None:
        at_work.release()
        goes_on.wait(60)

    async with anyio.create_task_group() as tasks:
        for _ in range(MOST_THREADS):
            tasks.start_soon(asked.run, hang)
        for _ in range(MOST_THREADS):
            await to_thread.run_sync(at_work.acquire)
        with pytest.raises(TimeoutError, match="the disk hangs"):
            await asked.run(hang)
        assert await Disk().run(lambda: "another key set") == "another key set"
        goes_on.set()
    assert await asked.run(lambda: 7) == 7


async def test_nobody_waits_for_a_disk_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """F9, F23: longer than the deadline, by which its thread is left alone."""
    monkeypatch.setattr(disk, "DISK_TIMEOUT", 0.01)
    goes_on, ended = threading.Event(), threading.Event()

    def hang() -> None:
        goes_on.wait(60)
        ended.set()

    with pytest.raises(TimeoutError, match=r"^the disk took longer than 0\.01 s$"):
        await Disk().run(hang)
    assert not ended.is_set()
    goes_on.set()


async def test_work_of_a_caller_that_is_cancelled_is_done_where_that_is_asked_for() -> None:
    """F10: and otherwise it does not even begin."""
    done: list[str] = []
    for shield in (False, True):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await Disk().run(partial(done.append, f"{shield=}"), shield=shield)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await Disk().run(partial(done.append, "by default"))
    assert done == ["shield=True"]
