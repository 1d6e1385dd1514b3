"""The state of verifiers at the time of a measurement, for gauges of any system."""

import time
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from asgi_jwks.keys.health import STATES, KeySetState

__all__ = ["Measurement", "Verifier", "Watched"]

# The part of a digest that a float holds exactly: 12 of its hexadecimal digits.
_DIGITS: Final = 12


class Verifier(Protocol):
    """A verifier, as far as its state is measured."""

    def key_set_states(self) -> tuple[KeySetState, ...]: ...
    def remembered_count(self) -> int: ...


class Measurement(NamedTuple):
    """The value of a gauge, with its name in METRICS and its labels' values."""

    name: str
    labels: tuple[str, ...]
    value: float


class Watched:
    """The verifiers whose listener is a metric, each once."""

    def __init__(self) -> None:
        self._verifiers: tuple[Verifier, ...] = ()

    def add(self, verifier: Verifier) -> None:
        """Measure one verifier more."""
        if verifier not in self._verifiers:
            self._verifiers = (*self._verifiers, verifier)

    def measure(self) -> Iterator[Measurement]:
        """All gauges now. It touches no network; any thread may call it."""
        if self._verifiers:
            size = sum(verifier.remembered_count() for verifier in self._verifiers)
            yield Measurement("token_cache.size", (), size)
        states = {s.key_set: s for v in self._verifiers for s in v.key_set_states()}
        for name, state in states.items():
            yield from _of_key_set(name, state)


def _of_key_set(name: str, state: KeySetState) -> Iterator[Measurement]:
    if state.age is not None:
        yield Measurement("key_set.age", (name,), state.age)
        yield Measurement("key_set.last_success", (name,), time.time() - state.age)
    if state.trust_remaining is not None:
        yield Measurement("key_set.trust_remaining", (name,), state.trust_remaining)
    yield Measurement("key_set.keys", (name, "true", ""), state.keys)
    for reason, number in state.skipped.items():
        yield Measurement("key_set.keys", (name, "false", reason), number)
    for known in STATES:
        yield Measurement("key_set.state", (name, known), float(known == state.state))
    if state.digest is not None:
        yield Measurement("key_set.digest", (name,), int(state.digest[:_DIGITS], 16))
