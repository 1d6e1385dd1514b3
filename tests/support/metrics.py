"""The table of metrics in `docs/guides/metrics.md`, written from the code.

uv run python -m tests.support.metrics
"""

from pathlib import Path
from typing import Final

from asgi_jwks.integrations.metric_names import METRICS, Kind, Metric, spelled_for_prometheus

__all__ = ["PAGE", "page"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "guides" / "metrics.md"
_BEGIN, _END = "<!-- metrics -->\n", "<!-- /metrics -->"
_HEAD: Final = "| Prometheus | OpenTelemetry | labels | meaning |\n|---|---|---|---|"


def page() -> str:
    """The page with its table written anew."""
    table = "\n".join([_HEAD, *map(_row, METRICS.values())])
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    return f"{before}{_BEGIN}{table}\n{_END}{rest.partition(_END)[2]}"


def _row(metric: Metric) -> str:
    total = "_total" if metric.kind is Kind.COUNTER else ""
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    name = spelled_for_prometheus(metric) + total
    return f"| `{name}` | `asgi_jwks.{metric.name}` | {labels} | {metric.text} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
