"""Lines of the log that repeat."""

from tests.support.clock import Clock

from asgi_jwks.events.repeated_lines import INTERVAL, RepeatedLines


def test_a_cause_is_told_at_once_and_then_once_per_interval_with_its_count() -> None:
    """W6, N10; causes are counted apart."""
    clock = Clock()
    lines = RepeatedLines(clock)
    assert lines.due("one") == 1
    clock.now += INTERVAL - 0.5
    assert [lines.due("one"), lines.due("one"), lines.due("another")] == [0, 0, 1]
    clock.now += 0.5
    assert [lines.due("one"), lines.due("one"), lines.due("another")] == [3, 0, 0]
