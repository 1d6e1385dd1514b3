"""The state of verifiers at the time of a measurement, for gauges of any system."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from asgi_jwks.binding.replay import ReplayMemory
from asgi_jwks.keys.health import STATES, KeySetState, ResolverState

__all__ = ["Measurement", "Verifier", "Watched"]

# The part of a digest that a float holds exactly: 12 of its hexadecimal digits.
_DIGITS: Final = 12


class Verifier(Protocol):
    """A verifier, as far as its state is measured."""

    def key_set_states(self) -> tuple[KeySetState, ...]: ...
    def remembered_count(self) -> int: ...
    def resolver_state(self) -> ResolverState | None: ...
    def replay_memories(self) -> tuple[ReplayMemory, ...]: ...


class Measurement(NamedTuple):
    """The value of a gauge, with its name in METRICS and its labels' values."""

    name: str
    labels: tuple[str, ...]
    value: float


class Watched:
    """The verifiers whose listener is a metric, each once."""

    def __init__(self) -> None:
        self._verifiers: tuple[Verifier, ...] = ()
        # By the first part of a gauge's name.
        self._measured: Final[Mapping[str, Callable[[], Iterator[Measurement]]]] = {
            "token_cache": self._token_cache,
            "key_set": self._key_sets,
            "resolver": self._resolvers,
            "replay_memory": self._replay_memories,
        }

    def add(self, verifier: Verifier) -> None:
        """Measure one verifier more."""
        if verifier not in self._verifiers:
            self._verifiers = (*self._verifiers, verifier)

    def measure(self) -> Iterator[Measurement]:
        """All gauges now. It touches no network; any thread may call it."""
        for measured in self._measured.values():
            yield from measured()

    def measure_one(self, name: str) -> Iterator[Measurement]:
        """One gauge now."""
        room, _, _ = name.partition(".")
        return (found for found in self._measured[room]() if found.name == name)

    def _token_cache(self) -> Iterator[Measurement]:
        if self._verifiers:
            size = sum(verifier.remembered_count() for verifier in self._verifiers)
            yield Measurement("token_cache.size", (), size)

    def _key_sets(self) -> Iterator[Measurement]:
        states = {s.key_set: s for v in self._verifiers for s in v.key_set_states()}
        for name, state in states.items():
            yield from _of_key_set(name, state)

    def _resolvers(self) -> Iterator[Measurement]:
        found = [verifier.resolver_state() for verifier in self._verifiers]
        states = [state for state in found if state is not None]
        ages = [state.age for state in states if state.age is not None]
        if ages:
            # A resolver that nobody needs is not asked.
            yield Measurement("resolver.age", (), min(ages))
        if states:
            for known in STATES:
                tenants = sum(state.tenants.get(known, 0) for state in states)
                yield Measurement("resolver.tenants", (known,), tenants)

    def _replay_memories(self) -> Iterator[Measurement]:
        memories = {id(m): m for v in self._verifiers for m in v.replay_memories()}.values()
        if memories:
            yield Measurement("replay_memory.size", (), sum(map(len, memories)))
            yield Measurement("replay_memory.capacity", (), sum(m.capacity for m in memories))


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
