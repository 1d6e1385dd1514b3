"""Locks and key sets in a forked child."""

import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

from asgi_jwks import _fork
from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.fetching import client
from asgi_jwks.keys.remote import RemoteJWKSet
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


FORK_WHILE_LOCKS_ARE_MADE = """
import os, threading
from asgi_jwks._fork import ForkSafeLock

over = threading.Event()
kept = [ForkSafeLock() for _ in range(1000)]

def make():
    while not over.is_set():
        made = [ForkSafeLock() for _ in range(100)]

def fork(times):
    for _ in range(times):
        pid = os.fork()
        if pid == 0:
            for lock in kept:
                with lock:
                    pass
            os._exit(0)
        statuses.append(os.waitpid(pid, 0)[1])

statuses = []
makers = [threading.Thread(target=make) for _ in range(2)]
forkers = [threading.Thread(target=fork, args=(10,)) for _ in range(2)]
for thread in makers + forkers:
    thread.start()
for thread in forkers:
    thread.join()
over.set()
for thread in makers:
    thread.join()
print(len(statuses), sum(statuses))
"""

FORK_WHILE_KEYS_ARE_FETCHED = """
import asyncio, os, sys, threading
import anyio
from asgi_jwks import RemoteJWKSet
from asgi_jwks.events import KeySetEvent
from asgi_jwks.fetching.response import FetchResponse

document = sys.argv[1].encode()

async def fetch(url, headers):
    await anyio.sleep(0)
    return FetchResponse(200, {}, document)

keys = RemoteJWKSet("https://issuer.example/keys", fetch=fetch, listener=lambda event: None)
over = threading.Event()

async def work():
    await keys.warm()
    while not over.is_set():
        await keys.refresh()
        keys.distrust(kid="another")
        keys.trust_again(kid="another")
        keys.health()

thread = threading.Thread(target=lambda: asyncio.run(work()))
thread.start()
while keys.health().fetches < 3:
    pass
statuses = []
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(keys.refresh())
            os._exit(0 if keys.health().key_ids else 1)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(2)
    statuses.append(os.waitpid(pid, 0)[1])
over.set()
thread.join()
print(sum(statuses))
"""

WHAT_A_FIRST_FETCH_IMPORTS = """
import json, sys
import anyio
from asgi_jwks import RemoteJWKSet

url, backend = sys.argv[1:]
keys = RemoteJWKSet(url)
# An async backend may be imported once per kind of loop.
anyio.run(anyio.sleep, 0, backend=backend)
before = set(sys.modules)
anyio.run(keys.refresh, backend=backend)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def output_of(script: str, *arguments: str) -> str:
    """What a script prints in a process of its own, where it may fork."""
    ran = subprocess.run(
        # Forking while threads run is what this is about.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
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
    monkeypatch.setattr(_fork, "LONGEST_WAIT", 0.02)
    lock, another = ForkSafeLock(), ForkSafeLock()
    with lock, another:
        _fork._hold_all()
        _fork._release_all()
    assert not lock._lock.locked()
    assert not another._lock.locked()


def test_a_process_forks_while_other_threads_make_locks_and_fork_too() -> None:
    """F21: the hook fails in none of them."""
    assert output_of(FORK_WHILE_LOCKS_ARE_MADE) == "20 0"


def test_locks_that_are_made_while_a_fork_looks_at_all_do_no_harm() -> None:
    """F21: at each step of that look, which another thread could take its turn at."""
    made: list[ForkSafeLock] = []

    def make_one(frame: FrameType, event: str, arg: object) -> Any:
        if len(made) < 10_000:
            made.append(ForkSafeLock())
        return make_one

    before, traced = ForkSafeLock(), sys.gettrace()
    sys.settrace(make_one)
    try:
        found = _fork._all_locks()
    finally:
        sys.settrace(traced)
    assert before in found
    assert made


def test_a_child_that_was_forked_at_any_moment_works() -> None:
    """F15, F21: another thread fetches, distrusts and looks meanwhile."""
    document = json.dumps(MockIssuer(algorithm="ES256").jwk_set())
    assert output_of(FORK_WHILE_KEYS_ARE_FETCHED, document) == "0"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_first_fetch_imports_nothing(backend: str) -> None:
    """F21: a child that was forked while another thread imports could never import that again."""
    issuer = MockIssuer()
    with issuer.serve():
        assert json.loads(output_of(WHAT_A_FIRST_FETCH_IMPORTS, issuer.jwks_uri, backend)) == []


def test_the_tls_context_is_built_at_construction(monkeypatch: pytest.MonkeyPatch) -> None:
    """F21: once in a process, and in no request."""
    built: list[None] = []

    def build() -> ssl.SSLContext:
        built.append(None)
        return ssl.create_default_context()

    monkeypatch.setattr(httpx, "create_ssl_context", build)
    client._tls_context.cache_clear()
    RemoteJWKSet("https://issuer.example/keys")
    RemoteJWKSet("https://issuer.example/keys")
    client._tls_context.cache_clear()
    assert len(built) == 1
