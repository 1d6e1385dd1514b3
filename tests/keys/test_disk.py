"""Work on a disk: its threads are few, also where it hangs."""

import threading
from functools import partial

import anyio
import pytest
from anyio import to_thread

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
