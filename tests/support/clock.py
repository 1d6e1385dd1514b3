"""A clock that a test moves by hand: nothing here waits for time to pass."""

__all__ = ["EPOCH", "Clock"]

EPOCH = 1_800_000_000.0
"""A present, in seconds since the epoch, for clocks that stand for the wall's."""


class Clock:
    """Seconds, moved by hand: `clock.now += 60`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
