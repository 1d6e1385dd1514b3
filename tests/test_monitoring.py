"""Alert rules and the dashboard: tested by promtool, and of metrics that there are."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support import dashboard

from asgi_jwks.integrations.metric_names import METRICS, Kind, spelled_for_prometheus

FOLDER = Path(__file__).parents[1] / "docs" / "monitoring"
ALERTS = FOLDER / "alerts.yml"

SUFFIXES = {
    Kind.COUNTER: ("_total",),
    Kind.GAUGE: ("",),
    Kind.HISTOGRAM: ("_bucket", "_sum", "_count"),
}
KNOWN = {
    spelled_for_prometheus(metric) + suffix: metric
    for metric in METRICS.values()
    for suffix in SUFFIXES[metric.kind]
}


def named(text: str) -> set[str]:
    """The metrics that a text names."""
    return set(re.findall(r"\basgi_jwks_\w+", text))


def expressions() -> str:
    return "\n".join(query for panel in dashboard.PANELS for query in panel.queries.values())


@pytest.mark.parametrize("command", [("check", "alerts.yml"), ("test", "alerts_test.yml")])
def test_promtool_accepts_the_alerts(command: tuple[str, str]) -> None:
    """N8"""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; it comes with Debian's package `prometheus`")
    verb, file = command
    run = subprocess.run(
        [promtool, verb, "rules", file], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_alerts_and_dashboard_name_metrics_that_there_are() -> None:
    """N8"""
    # The one name in a description is that of a metric as well.
    assert named(ALERTS.read_text(encoding="utf-8")) <= KNOWN.keys()
    assert named(expressions()) <= KNOWN.keys()


def test_each_metric_is_on_the_dashboard() -> None:
    """N8"""
    shown = {KNOWN[name].name for name in named(expressions())}
    assert shown == METRICS.keys()


def test_labels_in_expressions_are_those_of_a_metric() -> None:
    """N8: a misspelt label selects nothing, and an alert on it never fires."""
    labels = {label for metric in METRICS.values() for label in metric.labels} | {"le", "digest"}
    text = ALERTS.read_text(encoding="utf-8") + expressions()
    for names in re.findall(r"\bby \(([^)]*)\)", text):
        assert set(re.split(r",\s*", names)) <= labels
    for matchers in re.findall(r"asgi_jwks_\w+\{([^}]*)\}", text):
        assert set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", matchers)) <= labels


def test_the_dashboard_is_written_from_the_metrics() -> None:
    """N8"""
    text = dashboard.PAGE.read_text(encoding="utf-8")
    assert text == dashboard.page(), "write it anew: uv run python -m tests.support.dashboard"
    panels = json.loads(text)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels]
    assert len(set(places)) == len(places)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in panels)


def test_each_alert_has_a_row_and_a_test() -> None:
    """N8"""
    alerts = re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8"))
    for page in ("README.md", "alerts_test.yml"):
        text = (FOLDER / page).read_text(encoding="utf-8")
        assert [alert for alert in alerts if alert not in text] == []
