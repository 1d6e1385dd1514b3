"""Locks and key sets in a forked child."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from asgi_jwks import _fork
from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

FORK_WHILE_A_THREAD_IS_BUSY = """
import os, threading
from asgi_jwks._fork import ForkSafeLock

lock, over = ForkSafeLock(), threading.Event()
halves = [0, 0]

def change():
    while not over.is_set():
        with lock:
            halves[0] += 1
            halves[1] += 1

thread = threading.Thread(target=change)
thread.start()
failures = 0
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        with lock:
            os._exit(0 if halves[0] == halves[1] else 1)
    failures += os.waitpid(pid, 0)[1] != 0
over.set()
thread.join()
with lock:
    print(failures)
"""

FORK_AFTER_CONSTRUCTION = """
import asyncio, json, os, sys
import anyio
from asgi_jwks import RemoteJWKSet

url, kid = sys.argv[1:]
keys = RemoteJWKSet(url)

async def look_up():
    return (await keys.find(kid, "RS256", lambda: None)).kid

async def leave_a_refresh_behind():
    await keys.warm()
    keys._cached.mark_due()
    assert keys.at_hand() is not None

asyncio.run(leave_a_refresh_behind())
statuses = []
for backend in ("asyncio", "trio"):
    pid = os.fork()
    if pid == 0:
        try:
            assert anyio.run(look_up, backend=backend) == kid
            anyio.run(keys.refresh, backend=backend)
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
    statuses.append(os.waitpid(pid, 0)[1])
statuses.append(0 if asyncio.run(look_up()) == kid else 1)
print(json.dumps(statuses))
"""


def output_of(script: str, *arguments: str) -> str:
    """What a script prints in a process of its own, where it may fork."""
    ran = subprocess.run(
        # Forking while threads run is what this is about.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parent,
    )
    assert ran.stderr == ""
    return ran.stdout.strip()


def test_a_forked_child_finds_no_lock_held_and_no_change_half_made() -> None:
    """F15: whatever other threads were at."""
    assert output_of(FORK_WHILE_A_THREAD_IS_BUSY) == "0"


def test_a_key_set_works_in_children_that_were_forked_after_its_construction() -> None:
    """F15."""
    issuer = MockIssuer()
    with issuer.serve():
        answer = output_of(FORK_AFTER_CONSTRUCTION, issuer.jwks_uri, issuer.signing_key.kid)
    assert json.loads(answer) == [0, 0, 0]


def test_the_parent_gets_its_locks_back() -> None:
    lock = ForkSafeLock()
    _fork._hold_all()
    assert lock._lock.locked()
    _fork._release_all()
    with lock:
        assert lock._lock.locked()


def test_the_child_has_new_locks() -> None:
    lock = ForkSafeLock()
    held = lock._lock
    _fork._hold_all()
    _fork._renew_all()
    assert held.locked()
    with lock:
        assert lock._lock is not held


def test_a_fork_does_not_wait_for_ever_for_its_own_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signal may strike while a lock is held."""
    monkeypatch.setattr(_fork, "LONGEST_WAIT", 0.001)
    lock = ForkSafeLock()
    with lock:
        _fork._hold_all()
        _fork._release_all()
    assert not lock._lock.locked()
