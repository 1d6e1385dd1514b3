"""What was sought in a key set is remembered for one interval, and within bounds."""

from tests.support.clock import Clock

from asgi_jwks.keys.sought import Sought


def test_a_cause_is_remembered_for_one_interval() -> None:
    """F3, F4."""
    clock = Clock()
    sought = Sought(30, clock)
    assert not sought.remembers("kid")
    assert sought.since("kid") == 1000
    clock.now += 29.9
    assert sought.since("kid") == 1000
    assert sought.remembers("kid")
    clock.now += 0.1
    assert not sought.remembers("kid")
    assert sought.since("kid") == 1030


def test_what_is_remembered_is_bounded() -> None:
    """F3, H4."""
    sought = Sought(30, Clock())
    for number in range(1500):
        sought.since(number)
    assert len(sought) == 1024
