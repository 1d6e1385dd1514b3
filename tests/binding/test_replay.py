"""The memory of used proofs, and the share of each sender in it."""

import gc
import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import anyio
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.support.clock import Clock
from tests.support.examples import examples

from asgi_jwks import ConfigurationError, ReplayStoreUnavailable, TooManyProofs
from asgi_jwks.binding.lapse import Lapsing
from asgi_jwks.binding.replay import ReplayMemory
from asgi_jwks.binding.shares import SenderShares


def first_use(memory: ReplayMemory, key: bytes, ttl: float = 60.0) -> bool:
    """The answer of a coroutine that waits for nothing."""
    coroutine = memory.first_use(key, ttl)
    with pytest.raises(StopIteration) as caught:
        coroutine.send(None)
    answer: bool = caught.value.value
    return answer


def keys(count: int) -> Iterator[bytes]:
    return (sha256(str(number).encode()).digest() for number in range(count))


def fill(memory: ReplayMemory, shares: SenderShares, count: int) -> None:
    async def fill() -> None:
        for key in keys(count):
            sender = key.hex()
            cells = shares.check(sender)
            assert await memory.first_use(key, 60.0)
            shares.take(cells, 60.0)

    anyio.run(fill)


def test_a_key_is_used_for_the_first_time_once() -> None:
    """I11"""
    memory = ReplayMemory(clock=Clock())
    assert [first_use(memory, b"a"), first_use(memory, b"b"), first_use(memory, b"a")] == [
        True,
        True,
        False,
    ]


def test_a_key_is_kept_until_its_time_is_over_and_not_for_ever() -> None:
    """I11: kept until the proof cannot pass any more."""
    clock = Clock()
    memory = ReplayMemory(clock=clock)
    assert first_use(memory, b"a", 60.0)
    clock.now += 60.0
    assert not first_use(memory, b"a", 60.0)
    clock.now += 1.0
    assert first_use(memory, b"b", 60.0)
    assert first_use(memory, b"a", 60.0)
    assert len(memory) == 2


def test_a_full_memory_refuses_and_evicts_nothing() -> None:
    """I11: without evicting what still counts; full is 503."""
    clock = Clock()
    memory = ReplayMemory(3, clock=clock)
    for key in (b"a", b"b", b"c"):
        assert first_use(memory, key)
    coroutine = memory.first_use(b"d", 60.0)
    with pytest.raises(ReplayStoreUnavailable, match="capacity") as caught:
        coroutine.send(None)
    assert caught.value.retry_after == 61.0
    assert not first_use(memory, b"a")
    clock.now += 61.0
    assert first_use(memory, b"d")
    assert len(memory) == 2


def test_a_hundred_thousand_proofs_take_at_most_16_mib() -> None:
    """I11: whoever sends them; each sender once is the costliest. On a scale of one to four."""
    # The first loop of a process imports a backend, which is larger than the memory.
    fill(ReplayMemory(10), SenderShares(10), 1)
    gc.collect()
    tracemalloc.start()
    try:
        memory = ReplayMemory(25_000)
        shares = SenderShares(10)
        fill(memory, shares, 25_000)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(memory) == 25_000
    assert size <= 16 * 2**20 // 4


def test_one_alone_of_many_threads_is_the_first() -> None:
    """I11: one atomic test-and-set."""
    memory = ReplayMemory()
    wanted = list(keys(300))
    firsts: list[bytes] = []
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        firsts.extend(key for key in wanted if first_use(memory, key))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(firsts) == sorted(wanted)


@pytest.mark.anyio
async def test_one_alone_of_many_requests_is_the_first() -> None:
    """I11, on both event loops."""
    memory = ReplayMemory()
    answers: list[bool] = []

    async def ask() -> None:
        answers.append(await memory.first_use(b"a", 60.0))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask)
    assert sorted(answers) == [False] * 49 + [True]


@pytest.mark.parametrize("capacity", [0, -1, 1.5, True, "1"])
def test_a_capacity_is_a_number(capacity: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=r"^capacity must be a whole number, 1 or more; "):
        ReplayMemory(capacity)


def test_the_smallest_memory_remembers_one_proof() -> None:
    """I11"""
    memory = ReplayMemory(1, clock=Clock())
    assert first_use(memory, b"a")
    assert not first_use(memory, b"a")


def test_a_sender_over_its_share_is_told_when_to_come_back() -> None:
    """I11: 429 with Retry-After."""
    clock = Clock()
    shares = SenderShares(2, clock=clock)
    for _ in range(2):
        shares.take(shares.check("a"), 60.0)
    with pytest.raises(TooManyProofs) as caught:
        shares.check("a")
    assert (caught.value.status, caught.value.error) == (429, None)
    assert caught.value.retry_after == 61.0
    shares.check("b")
    clock.now += 60.0
    shares.check("a")


def test_a_share_is_free_again_whatever_others_had_before() -> None:
    """I11: proofs of others that have lapsed, and that nobody took back, do not count."""
    clock = Clock()
    shares = SenderShares(2, clock=clock)
    for sender in (f"other {number}" for number in range(50)):
        shares.take(shares.check(sender), 60.0)
    clock.now += 2.0
    shares.take(shares.check("sender"), 60.0)
    shares.take(shares.check("sender"), 60.0)
    clock.now += 61.0
    shares.check("sender")


def test_a_use_clears_the_proofs_that_lapsed_since_its_share_was_looked_at() -> None:
    """I11: the verification of a proof lies between."""
    clock = Clock()
    shares = SenderShares(1, clock=clock)
    shares.take(shares.check("sender"), 60.0)
    cells = shares.check("another")
    clock.now += 61.0
    shares.take(cells, 60.0)
    shares.check("sender")


def test_nobody_can_choose_whose_cells_to_fill() -> None:
    """I11: also where PYTHONHASHSEED makes Python's own hashes known."""
    script = """
from asgi_jwks.binding.shares import _ALL_CELLS, SenderShares
print(SenderShares(10).check("sender") == hash("sender") & _ALL_CELLS)
"""
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    assert run.stdout.strip() == "False"


def test_the_share_of_one_is_not_that_of_others() -> None:
    """I11: per sender: a sender that fills its share takes nothing from a thousand others."""
    shares = SenderShares(100, clock=Clock())
    for _ in range(100):
        shares.take(shares.check("flood"), 60.0)
    for number in range(1000):
        shares.take(shares.check(f"sender {number}"), 60.0)
    with pytest.raises(TooManyProofs):
        shares.check("flood")


def test_numbers_lapse_in_the_order_of_their_seconds_two_at_a_time() -> None:
    """I11: expiry costs O(1)."""
    lapsing = Lapsing()
    assert lapsing.until_next(0.0) == 0.0
    for number, until in ((1, 10.5), (2, 10.9), (3, 10.1), (4, 30.0), (5, 20.0)):
        lapsing.add(number, until)
    assert lapsing.until_next(4.0) == 7.0
    assert lapsing.until_next(12.0) == 0.0
    assert list(lapsing.lapsed(10.9)) == []
    assert len(list(lapsing.lapsed(11.0))) == 2
    assert len(list(lapsing.lapsed(11.0))) == 1
    assert list(lapsing.lapsed(29.0)) == []
    assert sorted(lapsing.lapsed(30.0)) == [4, 5]
    lapsing.add(2**64 - 1, 31.0)
    assert list(lapsing.lapsed(31.0)) == [2**64 - 1]


class MemoryAgainstAModel(RuleBasedStateMachine):
    """The memory against a plain dict of key and time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.memory = ReplayMemory(20, clock=self.clock)
        self.shares = SenderShares(5, clock=self.clock)
        self.used: dict[bytes, float] = {}
        self.taken: list[tuple[str, float]] = []

    @rule(number=st.integers(0, 30), ttl=st.floats(0, 65))
    def use(self, number: int, ttl: float) -> None:
        key = b"%d" % number
        try:
            is_first = first_use(self.memory, key, ttl)
        except ReplayStoreUnavailable:
            assert len(self.memory) == 20
            return
        if is_first:
            assert self.used.get(key, 0.0) <= self.clock.now, "a proof passed that still counts"
            self.used[key] = self.clock.now + ttl

    @rule(sender=st.sampled_from("abc"), ttl=st.floats(0, 65))
    def take(self, sender: str, ttl: float) -> None:
        count = sum(name == sender and until > self.clock.now for name, until in self.taken)
        try:
            cells = self.shares.check(sender)
        except TooManyProofs:
            return
        assert count < 5, "a sender had more than its share"
        self.shares.take(cells, ttl)
        self.taken.append((sender, self.clock.now + ttl))

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def it_is_bounded(self) -> None:
        assert len(self.memory) <= 20


TestMemoryAgainstAModel = MemoryAgainstAModel.TestCase
TestMemoryAgainstAModel.settings = examples(50, stateful_step_count=50)
TestMemoryAgainstAModel.__doc__ = "I11: nothing that still counts is forgotten."
