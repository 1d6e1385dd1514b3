"""Elapsed time, as far as any of three clocks shows it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks.caching import clocks
from asgi_jwks.caching.clocks import TOLERANCE, ElapsedClock


class Machine:
    """The three clocks of a machine, which may be suspended and set."""

    monotonic = 1000.0
    boot_time = 5000.0
    wall = 1_700_000_000.0

    def run(self, seconds: float) -> None:
        self.monotonic += seconds
        self.boot_time += seconds
        self.wall += seconds

    def suspend(self, seconds: float) -> None:
        self.boot_time += seconds
        self.wall += seconds

    def clock(self, *, has_boot_time: bool = True) -> ElapsedClock:
        return ElapsedClock(
            monotonic=lambda: self.monotonic,
            boot_time=lambda: self.boot_time if has_boot_time else self.monotonic,
            wall=lambda: self.wall,
        )


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("has_boot_time", [True, False])
def test_a_suspension_counts(machine: Machine, has_boot_time: bool) -> None:
    """F18: by the boot-time clock where there is one, else by the wall clock."""
    clock = machine.clock(has_boot_time=has_boot_time)
    start = clock()
    machine.run(10)
    assert clock() - start == 10
    machine.suspend(3600)
    assert clock() - start == pytest.approx(3610)
    machine.run(10)
    assert clock() - start == pytest.approx(3620)


def test_a_suspension_counts_while_the_wall_clock_lags_behind(machine: Machine) -> None:
    """F18: before it was set right, and not once more after that."""
    clock = machine.clock()
    start = clock()
    machine.boot_time += 3600
    assert clock() - start == pytest.approx(3600)
    machine.wall += 3600
    assert clock() - start <= 7200


def test_a_wall_clock_that_is_set_back_changes_nothing(machine: Machine) -> None:
    """F18: and what it shows from there on is time again."""
    clock = machine.clock(has_boot_time=False)
    start = clock()
    machine.wall -= 86_400
    assert clock() == start
    machine.run(5)
    assert clock() - start == 5
    machine.suspend(600)
    assert clock() - start == pytest.approx(605)


def test_a_wall_clock_that_is_set_forward_looks_like_a_suspension(machine: Machine) -> None:
    """F18: trust ends too early rather than too late."""
    clock = machine.clock()
    start = clock()
    machine.wall += 600
    assert clock() - start == pytest.approx(600)
    machine.wall -= 600
    assert clock() - start == pytest.approx(600)


def test_clocks_that_are_set_right_little_by_little_change_nothing(machine: Machine) -> None:
    clock = machine.clock()
    start = clock()
    machine.wall += TOLERANCE / 2
    assert clock() == start
    machine.wall -= TOLERANCE
    assert clock() == start


def test_the_monotonic_clock_is_at_hand(machine: Machine) -> None:
    clock = machine.clock()
    machine.suspend(100)
    assert clock.monotonic() == 1000


steps = st.lists(
    st.tuples(st.sampled_from(["run", "suspend", "set"]), st.floats(-5000, 5000)), max_size=40
)


@given(steps, st.booleans())
def test_whatever_becomes_of_the_clocks_it_never_goes_back_and_never_too_slowly(
    steps: list[tuple[str, float]], has_boot_time: bool
) -> None:
    """F18."""
    machine = Machine()
    clock = machine.clock(has_boot_time=has_boot_time)
    start = last = clock()
    passed = 0.0
    for what, seconds in steps:
        if what == "set":
            machine.wall += seconds
        else:
            getattr(machine, what)(abs(seconds))
            passed += abs(seconds)
        assert clock() >= last
        last = clock()
        # Each reading may overlook as much as the tolerance.
        assert last - start >= passed - TOLERANCE * (len(steps) + 1)


def test_a_system_without_a_boot_time_clock_has_the_monotonic_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F18."""
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    assert clocks._boot_time() is time.monotonic


def test_a_system_with_a_boot_time_clock_is_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """F18."""
    monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime", lambda clock: clock * 10.0)
    assert clocks._boot_time()() == 70


def test_the_clocks_of_this_system_show_the_same_seconds() -> None:
    clock = ElapsedClock()
    began, start = clock.monotonic(), clock()
    end, ended = clock(), clock.monotonic()
    # Where the process stops between the readings of two clocks, that time may count twice.
    assert 0 <= end - start <= 2 * (ended - began) + TOLERANCE


def test_threads_that_notice_a_suspension_together_count_it_once(machine: Machine) -> None:
    """F15, F18."""
    clock = machine.clock(has_boot_time=False)
    start = clock()
    both = threading.Barrier(8, timeout=60)

    def read() -> float:
        both.wait()
        return clock()

    for suspended in (600, 1200, 1800):
        machine.suspend(600)
        with ThreadPoolExecutor(8) as threads:
            seen = [each.result() for each in [threads.submit(read) for _ in range(8)]]
        assert {round(elapsed - start) for elapsed in seen} == {suspended}
        machine.wall -= 10_000
        clock()
