"""The samples of a Prometheus exposition, read by the library's own parser."""

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Samples", "parsed", "value"]

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""Values by the name of a sample and its labels."""


def parsed(text: str) -> Samples:
    """The samples of an exposition."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """The value of one of our samples; None where there is none."""
    return samples.get((f"asgi_jwks_{name}", frozenset(labels.items())))
