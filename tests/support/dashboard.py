"""`docs/monitoring/dashboard.json`, a dashboard for Grafana that is written from the metrics.

uv run python -m tests.support.dashboard
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["PAGE", "PANELS", "Panel", "page"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "monitoring" / "dashboard.json"

# Grafana's grid has 24 columns.
_COLUMNS: Final = 24
_HEIGHT: Final = 8

_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A panel: expressions by their legend.

    Attributes:
        title: its title.
        queries: PromQL by legend.
        unit: of Grafana.
        kind: "timeseries", "stat" or "state-timeline".
        width: in columns.
    """

    title: str
    queries: dict[str, str]
    unit: str = "reqps"
    kind: str = "timeseries"
    width: int = 8


def _quantile(quantile: float, name: str, by: str, labels: str = "") -> str:
    rate = f"sum by (le, {by}) (rate(asgi_jwks_{name}_seconds_bucket{labels}[5m]))"
    return f"histogram_quantile({quantile}, {rate})"


def _rate(name: str, by: str, labels: str = "") -> str:
    return f"sum by ({by}) (rate(asgi_jwks_{name}_total{labels}[5m]))"


_TRUST: Final = "min by (key_set) (asgi_jwks_key_set_trust_remaining_seconds)"
_DIGESTS: Final = (
    'count by (key_set) (count_values by (key_set) ("digest", asgi_jwks_key_set_digest))'
)

PANELS: Final = (
    Panel(
        title="Requests by outcome",
        queries={"{{outcome}}": _rate("requests", "outcome")},
    ),
    Panel(
        title="Refusals by reason",
        queries={
            "{{reason}} {{issuer}}": _rate("requests", "reason, issuer", '{outcome="refused"}')
        },
    ),
    Panel(
        title="Refusals by routes, and what report_only would refuse",
        queries={
            "route: {{reason}}": _rate("route_refusals", "reason"),
            "report only: {{reason}}": _rate("report_only_refusals", "reason"),
        },
    ),
    Panel(
        title="Open connections that were ended with their token",
        queries={"{{reason}} {{connection}}": _rate("ended_connections", "reason, connection")},
    ),
    Panel(title="Trust that remains", queries={"{{key_set}}": _TRUST}, unit="s"),
    Panel(
        title="State of the keys",
        queries={"{{key_set}} {{state}}": "max by (key_set, state) (asgi_jwks_key_set_state) == 1"},
        unit="none",
        kind="state-timeline",
    ),
    Panel(
        title="Age of the keys, and time since the last success",
        queries={
            "age {{key_set}}": "max by (key_set) (asgi_jwks_key_set_age_seconds)",
            "since success {{key_set}}": (
                "time() - min by (key_set) (asgi_jwks_key_set_last_success_timestamp_seconds)"
            ),
        },
        unit="s",
    ),
    Panel(
        title="Fetches",
        queries={
            "{{key_set}} {{outcome}} {{error_type}}": (
                "sum by (key_set, outcome, error_type) "
                "(increase(asgi_jwks_key_set_fetches_total[5m]))"
            )
        },
        unit="none",
    ),
    Panel(
        title="Duration of fetches (95 %)",
        queries={"{{key_set}}": _quantile(0.95, "key_set_fetch_duration", "key_set")},
        unit="s",
    ),
    Panel(
        title="Unknown key ids",
        queries={
            "{{key_set}} {{decision}}": (
                "sum by (key_set, decision) (increase(asgi_jwks_unknown_kids_total[5m]))"
            )
        },
        unit="none",
    ),
    Panel(
        title="Published keys, used and not used",
        queries={
            "{{key_set}} {{reason}}": "max by (key_set, usable, reason) (asgi_jwks_key_set_keys)"
        },
        unit="none",
    ),
    Panel(
        title="Questions to the resolver",
        queries={
            "{{outcome}} {{error_type}}": (
                "sum by (outcome, error_type) (increase(asgi_jwks_resolver_questions_total[5m]))"
            )
        },
        unit="none",
    ),
    Panel(
        title="The resolver: duration of questions (95 %), and time since its last answer",
        queries={
            "95 %": (
                "histogram_quantile(0.95, sum by (le) "
                "(rate(asgi_jwks_resolver_question_duration_seconds_bucket[5m])))"
            ),
            "since answer": "min(asgi_jwks_resolver_age_seconds)",
        },
        unit="s",
    ),
    Panel(
        title="Tenants by the state of their keys",
        queries={"{{state}}": "max by (state) (asgi_jwks_resolver_tenants)"},
        unit="none",
    ),
    Panel(title="DPoP proofs", queries={"{{use}}": _rate("proofs", "use")}),
    Panel(
        title="Memory of used proofs: the fullest process",
        queries={
            "share": "max(asgi_jwks_replay_memory_size / asgi_jwks_replay_memory_capacity)",
        },
        unit="percentunit",
    ),
    Panel(
        title="Store of used proofs: answers",
        queries={
            "{{outcome}} {{error_type}}": _rate("replay_store_requests", "outcome, error_type"),
        },
    ),
    Panel(
        title="Store of used proofs: duration (95 %)",
        queries={
            "95 %": (
                "histogram_quantile(0.95, sum by (le) "
                "(rate(asgi_jwks_replay_store_request_duration_seconds_bucket[5m])))"
            ),
        },
        unit="s",
    ),
    Panel(title="Different key sets among hosts", queries={"{{key_set}}": _DIGESTS}, unit="none"),
    Panel(
        title="Duration of verifications (50 and 99 %)",
        queries={
            "50 %, cached {{cached}}": _quantile(0.5, "verification_duration", "cached"),
            "99 %, cached {{cached}}": _quantile(0.99, "verification_duration", "cached"),
        },
        unit="s",
    ),
    Panel(
        title="Remembered tokens: share of lookups, and number",
        queries={
            "hits": (
                'sum(rate(asgi_jwks_token_cache_lookups_total{result="hit"}[5m])) / '
                "sum(rate(asgi_jwks_token_cache_lookups_total[5m]))"
            ),
            "remembered": "sum(asgi_jwks_token_cache_size)",
        },
        unit="none",
    ),
)
"""The panels, in their order."""


def page() -> str:
    """The dashboard as JSON, to be imported into Grafana."""
    panels, x, y = list[dict[str, Any]](), 0, 0
    for number, panel in enumerate(PANELS, 1):
        if x + panel.width > _COLUMNS:
            x, y = 0, y + _HEIGHT
        panels.append(_panel(number, panel, x, y))
        x += panel.width
    dashboard = {
        "title": "asgi-jwks",
        "uid": "asgi-jwks",
        "schemaVersion": 39,
        "tags": ["asgi-jwks"],
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "1m",
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "type": "datasource",
                    "query": "prometheus",
                    "label": "Source",
                }
            ]
        },
        "panels": panels,
    }
    return json.dumps(dashboard, indent=2) + "\n"


def _panel(number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    return {
        "id": number,
        "title": panel.title,
        "type": panel.kind,
        "datasource": _SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + position),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend,
            }
            for position, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
