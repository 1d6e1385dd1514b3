"""The counts and durations of one process, summed up when somebody reads them.

Metrics of libraries take several locks for each request, or many microseconds; here an accepted
request is one entry of a list.
"""

from bisect import bisect_right
from collections import Counter as Sums
from typing import Final

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.events.requests import RequestAccepted, RequestLabels
from asgi_jwks.integrations.counting import counts_of_accepted, duration_of
from asgi_jwks.integrations.metric_names import BUCKETS, Kind, metrics_of

__all__ = ["Durations", "Labels", "ProcessValues"]

# Durations of accepted requests that wait to be summed up: some kilobytes for each issuer.
MOST_PENDING: Final = 512

Labels = tuple[str, ...]
"""The values of a metric's labels, in the order of METRICS."""


class Durations:
    """The numbers of durations within each of BUCKETS and of all, and their sum."""

    __slots__ = ("numbers", "sum")

    def __init__(self) -> None:
        self.numbers = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, seconds: list[float]) -> None:
        """Count some."""
        seconds.sort()
        for position, bound in enumerate(BUCKETS):
            self.numbers[position] += bisect_right(seconds, bound)
        self.numbers[-1] += len(seconds)
        self.sum += sum(seconds)


class ProcessValues:
    """Counts and durations by metric and labels; any thread may call it."""

    def __init__(self) -> None:
        self._lock: Final = ForkSafeLock()
        self._counts: Final = {m.name: Sums[Labels]() for m in metrics_of(Kind.COUNTER)}
        self._durations: Final = {
            m.name: dict[Labels, Durations]() for m in metrics_of(Kind.HISTOGRAM)
        }
        # To append to a list needs no lock.
        self._pending: Final[dict[tuple[RequestLabels, bool], list[float]]] = {}

    def accepted(self, event: RequestAccepted) -> None:
        """Count an accepted request, and its duration."""
        # Hot path (metrics, Prometheus): nothing but to remember the duration.
        key = event.labels, event.is_cached
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending.setdefault(key, [])
        pending.append(event.seconds)
        if len(pending) >= MOST_PENDING:
            with self._lock:
                self._sum_up()

    def add(self, name: str, labels: Labels) -> None:
        """Count one."""
        with self._lock:
            self._counts[name][labels] += 1

    def observe(self, name: str, labels: Labels, seconds: float) -> None:
        """Count one duration."""
        with self._lock:
            self._durations_of(name, labels).add([seconds])

    def counts(self, name: str) -> list[tuple[Labels, int]]:
        """The counts of a metric until now, with their labels."""
        with self._lock:
            self._sum_up()
            return [*self._counts[name].items()]

    def durations(self, name: str) -> list[tuple[Labels, list[int], float]]:
        """The durations of a metric until now: labels, cumulated numbers, sum."""
        with self._lock:
            self._sum_up()
            return [(labels, [*d.numbers], d.sum) for labels, d in self._durations[name].items()]

    def _sum_up(self) -> None:
        for (labels, is_cached), pending in list(self._pending.items()):
            number = len(pending)
            for name, values in counts_of_accepted(labels, is_cached=is_cached):
                self._counts[name][values] += number
            # Others may append meanwhile, and nobody else takes anything away.
            self._durations_of(*duration_of(is_cached=is_cached)).add(pending[:number])
            del pending[:number]

    def _durations_of(self, name: str, labels: Labels) -> Durations:
        return self._durations[name].setdefault(labels, Durations())
