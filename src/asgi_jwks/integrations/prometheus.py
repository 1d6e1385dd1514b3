"""Prometheus: metrics of requests and key sets, from the events of a listener.

    metrics = PrometheusMetrics()
    app = JWTBearerMiddleware(app, issuer=..., audience=..., listener=metrics)

It needs the extra `prometheus`. Names and labels are those of `metric_names`.
"""

import os
from collections.abc import Iterable
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.events.event import Event
from asgi_jwks.events.requests import RequestAccepted
from asgi_jwks.integrations.counting import counted_as, timed_as
from asgi_jwks.integrations.metric_names import BUCKETS, Kind, metrics_of, spelled_for_prometheus
from asgi_jwks.integrations.process_values import Labels, ProcessValues
from asgi_jwks.integrations.watched import Verifier, Watched

__all__ = ["PrometheusMetrics"]


class PrometheusMetrics:
    """A listener that counts for Prometheus, and measures the key sets when it is scraped.

    Give one to all middleware of a process.

    With several workers (PROMETHEUS_MULTIPROC_DIR), prometheus_client sums counts and durations
    over them. The gauges are those of the worker that answers: register `gauges` with the registry
    that is scraped.

    Args:
        registry: where the metrics are registered; prometheus_client's own unless given.

    Raises:
        ConfigurationError: the registry has such metrics already.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        if not isinstance(registry, CollectorRegistry):
            raise ConfigurationError(
                f"registry must be a CollectorRegistry of prometheus_client; got {registry!r}."
            )
        self._watched: Final = Watched()
        self.gauges: Final[Collector] = _Gauges(self._watched)
        """Measures the key sets when it is collected."""
        try:
            self._values: Final = self._registered(registry)
        except ValueError as error:
            raise ConfigurationError(
                "The registry has the metrics of a PrometheusMetrics already. Give that one to "
                "all middleware, or registry=CollectorRegistry()."
            ) from error

        # Hot path (metrics, Prometheus): bound here.
        self._accepted: Final = self._values.accepted

    def watch(self, verifier: Verifier) -> None:
        """Measure the key sets of a verifier; whoever gets this listener calls it."""
        self._watched.add(verifier)

    def __call__(self, event: Event) -> None:
        """Count one event."""
        if isinstance(event, RequestAccepted):
            self._accepted(event)
            return
        for name, labels in counted_as(event):
            self._values.add(name, labels)
        for name, labels, seconds in timed_as(event):
            self._values.observe(name, labels, seconds)

    def _registered(self, registry: CollectorRegistry) -> "_SharedValues | _OwnValues":
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            return _SharedValues(registry)
        values = _OwnValues()
        registry.register(values)
        registry.register(self.gauges)
        return values


class _SharedValues:
    """Those of prometheus_client, which the workers of a host share in files."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counters: Final = {
            metric.name: Counter(
                spelled_for_prometheus(metric), metric.text, metric.labels, registry=registry
            )
            for metric in metrics_of(Kind.COUNTER)
        }
        self._histograms: Final = {
            metric.name: Histogram(
                *(spelled_for_prometheus(metric), metric.text, metric.labels),
                registry=registry,
                buckets=BUCKETS,
            )
            for metric in metrics_of(Kind.HISTOGRAM)
        }

    def accepted(self, event: RequestAccepted) -> None:
        """Count an accepted request, and its duration."""
        for name, labels in counted_as(event):
            self.add(name, labels)
        for name, labels, seconds in timed_as(event):
            self.observe(name, labels, seconds)

    def add(self, name: str, labels: Labels) -> None:
        """Count one."""
        self._counters[name].labels(*labels).inc()

    def observe(self, name: str, labels: Labels, seconds: float) -> None:
        """Count one duration."""
        histogram = self._histograms[name]
        (histogram.labels(*labels) if labels else histogram).observe(seconds)


class _OwnValues(ProcessValues, Collector):
    """Those of this process alone, summed up when they are collected."""

    def describe(self) -> Iterable[Metric]:
        """The families without a sample."""
        return [*_counter_families().values(), *_histogram_families().values()]

    def collect(self) -> Iterable[Metric]:
        """The families with their samples."""
        counters, histograms = _counter_families(), _histogram_families()
        for name, family in counters.items():
            for labels, number in self.counts(name):
                family.add_metric(labels, number)
        for name, histogram in histograms.items():
            for labels, numbers, total in self.durations(name):
                buckets = [*zip(_BOUNDS, numbers, strict=True)]
                histogram.add_metric(labels, buckets, total)
        return [*counters.values(), *histograms.values()]


_BOUNDS: Final = (*map(floatToGoString, BUCKETS), "+Inf")


class _Gauges(Collector):
    """The gauges, measured when they are collected."""

    def __init__(self, watched: Watched) -> None:
        self._watched: Final = watched

    def describe(self) -> Iterable[Metric]:
        """The families without a sample, so that to register them measures nothing."""
        return _gauge_families().values()

    def collect(self) -> Iterable[Metric]:
        """The families with their samples."""
        families = _gauge_families()
        for name, labels, value in self._watched.measure():
            families[name].add_metric(labels, value)
        return families.values()


def _counter_families() -> dict[str, CounterMetricFamily]:
    return {
        m.name: CounterMetricFamily(spelled_for_prometheus(m), m.text, labels=m.labels)
        for m in metrics_of(Kind.COUNTER)
    }


def _histogram_families() -> dict[str, HistogramMetricFamily]:
    return {
        m.name: HistogramMetricFamily(spelled_for_prometheus(m), m.text, labels=m.labels)
        for m in metrics_of(Kind.HISTOGRAM)
    }


def _gauge_families() -> dict[str, GaugeMetricFamily]:
    return {
        m.name: GaugeMetricFamily(spelled_for_prometheus(m), m.text, labels=m.labels)
        for m in metrics_of(Kind.GAUGE)
    }
