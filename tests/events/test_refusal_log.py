"""The operator's log of refusals, with a clock that is moved by hand."""

import json
import logging
import threading
import tracemalloc
from collections.abc import Callable
from functools import partial

import pytest
from tests.support.clock import Clock

from asgi_jwks import Reason
from asgi_jwks.errors import Advice
from asgi_jwks.events import (
    OTHER_ISSUER,
    Hint,
    RefusalLog,
    RequestAnonymous,
    RequestLabels,
    RequestRefused,
    Unavailable,
    WouldBeRefused,
)
from asgi_jwks.events.refusal_log import LOOKS, MOST_CAUSES, SECONDS_PER_LOOK
from asgi_jwks.events.repeated_lines import INTERVAL

LOGGER = "asgi_jwks.requests"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock, caplog: pytest.LogCaptureFixture) -> RefusalLog:
    caplog.set_level(logging.WARNING, LOGGER)
    return RefusalLog(clock=clock)


def refused(
    hint: Hint = Hint.AUDIENCE,
    *,
    reason: Reason = Reason.WRONG_AUDIENCE,
    issuer: str = "https://issuer.example/",
    words: Callable[[], str] = lambda: "the token is for another API.",
) -> RequestRefused:
    return RequestRefused(
        RequestLabels(issuer), advise=lambda: Advice(hint, words), reason=reason, status=401
    )


def test_the_first_refusal_of_a_cause_is_told_at_once(
    log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """N10: it says what is wrong, at the default level."""
    log(refused())
    [record] = caplog.records
    assert (record.name, record.levelno) == (LOGGER, logging.WARNING)
    assert record.getMessage() == (
        "refused with 401 wrong_audience, issuer https://issuer.example/: "
        "the token is for another API."
    )


def test_a_record_has_the_labels_as_json_values(
    log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """N7, N10"""
    log(refused())
    log(
        Unavailable(
            RequestLabels(),
            advise=lambda: Advice(Hint.KEYS_UNAVAILABLE, lambda: "no keys."),
            retry_after=1.0,
        )
    )
    labels = [
        {name: vars(record)[name] for name in ("status", "reason", "issuer", "hint", "count")}
        for record in caplog.records
    ]
    assert json.loads(json.dumps(labels)) == [
        {
            "status": 401,
            "reason": "wrong_audience",
            "issuer": "https://issuer.example/",
            "hint": "audience",
            "count": 1,
        },
        {
            "status": 503,
            "reason": "unavailable",
            "issuer": "_other",
            "hint": "keys_unavailable",
            "count": 1,
        },
    ]


def test_the_ends_of_open_connections_are_told_once_per_interval(
    log: RefusalLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """C6, N10, W6: ten thousand that end with one key make one line."""
    issuer = "https://issuer.example/"
    log.tell_of_end(issuer, "unknown_key", "websocket")
    caplog.set_level(logging.INFO, LOGGER)
    for _ in range(10_000):
        log.tell_of_end(issuer, "unknown_key", "websocket")
    log.tell_of_end(issuer, "expired", "http")
    clock.now += INTERVAL + 1
    log.tell_of_end(issuer, "unknown_key", "websocket")
    assert caplog.messages == [
        f"ended an open websocket connection with its token: unknown_key, issuer {issuer}",
        f"ended an open http connection with its token: expired, issuer {issuer}",
        f"ended an open websocket connection with its token: unknown_key, issuer {issuer}"
        " (10000 connections in 301 s)",
    ]
    assert {record.levelname for record in caplog.records} == {"INFO"}
    assert vars(caplog.records[2])["count"] == 10_000


def test_later_ones_are_counted_and_told_once_per_interval(
    log: RefusalLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """N10, W6"""
    for _ in range(1000):
        log(refused())
    clock.now += INTERVAL - 1
    log(refused())
    assert len(caplog.records) == 1
    clock.now += 2
    for _ in range(1000):
        log(refused())
    _, second = caplog.records
    assert second.getMessage().endswith("another API. (about 1001 requests in 301 s)")
    assert vars(second)["count"] == 1001
    clock.now += INTERVAL
    log(refused())
    assert vars(caplog.records[-1])["count"] == 1000


def test_causes_are_told_apart_by_issuer_reason_and_hint(
    log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """N10"""
    events = (
        refused(),
        refused(issuer=OTHER_ISSUER),
        refused(Hint.ID_TOKEN),
        refused(reason=Reason.NOT_AN_ACCESS_TOKEN),
    )
    for event in (*events, *events):
        log(event)
    assert len(caplog.records) == len(events)


@pytest.mark.parametrize(
    ("hint", "reason"),
    [(Hint.NO_TOKEN, Reason.MISSING_TOKEN), (Hint.EXPIRED, Reason.EXPIRED)],
)
def test_what_is_ordinary_is_told_at_info(
    log: RefusalLog, caplog: pytest.LogCaptureFixture, hint: Hint, reason: Reason
) -> None:
    """N10: a request before its login and a token that has run out are nobody's mistake."""

    def words() -> str:
        raise AssertionError("nobody reads it")

    log(refused(hint, reason=reason, words=words))
    assert not caplog.records
    caplog.set_level(logging.INFO, LOGGER)
    log(refused(hint, reason=reason))
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_a_logger_that_is_off_costs_no_words(
    log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """N1"""

    def words() -> str:
        raise AssertionError("nobody reads it")

    caplog.set_level(logging.ERROR, LOGGER)
    log(refused(words=words))
    assert not caplog.records


def test_an_event_of_another_kind_is_not_told(
    log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """N1: events that come later break no listener."""
    log(RequestAnonymous(RequestLabels()))
    assert not caplog.records


def test_words_are_put_together_for_a_line_alone(
    log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """W1: a flood of refusals does not pay for sentences that nobody reads."""
    read: list[int] = []

    def words() -> str:
        read.append(1)
        return "it is wrong."

    for _ in range(100):
        log(refused(words=words))
    assert len(caplog.records) == len(read) == 1


def test_a_hundred_thousand_strangers_add_one_line_per_cause_and_no_memory(
    log: RefusalLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """N7, H4, W6: kids, issuers and paths are in no cause; reasons and hints are closed sets."""
    reasons, hints = tuple(Reason), tuple(Hint)

    def flood(start: int, end: int) -> None:
        for number in range(start, end):
            log(
                refused(
                    hints[number % len(hints)],
                    reason=reasons[number % len(reasons)],
                    issuer=OTHER_ISSUER,
                    words=partial("kid {0} of https://{0}.example/.".format, number),
                )
            )

    causes = len(reasons) * len(hints)
    flood(0, causes)
    lines = len(caplog.records)
    assert lines <= causes
    caplog.clear()
    sizes = []
    tracemalloc.start()
    try:
        for number in range(2):
            before, _ = tracemalloc.get_traced_memory()
            flood(causes + 50_000 * number, causes + 50_000 * (number + 1))
            after, _ = tracemalloc.get_traced_memory()
            sizes.append(after - before)
    finally:
        tracemalloc.stop()
    assert not caplog.records
    # The counters themselves: an integer and a pair for each cause, whatever the number of events.
    # Another thread of this process may be seen as well, but hardly twice.
    assert min(sizes) < 200 * causes
    clock.now += INTERVAL
    flood(0, causes)
    assert len(caplog.records) == lines


def test_a_server_of_many_tenants_has_a_bound_as_well(
    log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """W6: strangers may name any of 5,000 configured tenants."""
    for number in range(5000):
        log(refused(issuer=f"https://{number}.example/"))
        log(refused(Hint.SIGNATURE, reason=Reason.BAD_SIGNATURE, issuer=f"https://{number}/"))
    assert len(caplog.records) == MOST_CAUSES + 2
    assert [vars(record)["issuer"] for record in caplog.records[-2:]] == [OTHER_ISSUER] * 2


def test_threads_count_together(
    log: RefusalLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """N10: one line and one sum, however many threads a server has."""

    def run() -> None:
        for _ in range(500):
            log(refused())

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(caplog.records) == 1
    clock.now += INTERVAL
    log(refused())
    assert vars(caplog.records[-1])["count"] == 8 * 500


def test_a_flood_is_counted_and_few_of_it_are_looked_at(
    log: RefusalLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """W1, N1: advice is for the first of a kind, then once in a second, until it is calm again."""
    looks: list[int] = []

    def advise() -> Advice:
        looks.append(1)
        return Advice(Hint.AUDIENCE, lambda: "it is wrong.")

    event = RequestRefused(RequestLabels(), advise=advise, reason=Reason.WRONG_AUDIENCE, status=401)
    for _ in range(1000):
        log(event)
    assert len(looks) == LOOKS
    for _ in range(10):
        clock.now += SECONDS_PER_LOOK
        for _ in range(100):
            log(event)
    assert len(looks) == LOOKS + 10
    clock.now += LOOKS * SECONDS_PER_LOOK
    for _ in range(1000):
        log(event)
    assert len(looks) == 2 * LOOKS + 10
    # No refusal is lost: each look stands for those since the last.
    clock.now += INTERVAL
    log(event)
    record = caplog.records[-1]
    assert (vars(record)["count"], vars(record)["is_estimate"]) == (3000, True)
    assert f"(about 3000 requests in {clock.now - 1000:.0f} s)" in record.getMessage()


def test_a_new_cause_in_a_flood_of_the_same_reason_is_told_within_seconds(
    log: RefusalLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """N10: one refusal in ten is of another cause, and the look falls on it before long."""
    for _ in range(30):
        for number in range(97):
            log(refused(Hint.ID_TOKEN if number % 10 == 3 else Hint.AUDIENCE))
            clock.now += 1 / 97
    assert [vars(r)["hint"] for r in caplog.records] == ["audience", "id_token"]


def test_a_count_without_a_flood_is_exact(
    log: RefusalLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """N10"""
    for _ in range(31):
        log(refused())
        clock.now += 10
    assert caplog.records[-1].getMessage().endswith("another API. (30 requests in 300 s)")


def test_a_refusal_that_is_only_reported_is_a_cause_of_its_own(
    log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """O6: also where it is ordinary otherwise, since somebody wants to know."""
    event = WouldBeRefused(
        RequestLabels("https://issuer.example/"),
        advise=lambda: Advice(Hint.EXPIRED, lambda: "the token expired 3 s ago."),
        reason=Reason.EXPIRED,
        status=401,
    )
    log(refused(Hint.EXPIRED, reason=Reason.EXPIRED))
    log(event)
    log(event)
    [record] = caplog.records
    assert record.getMessage() == (
        "accepted, and report_only would refuse with 401 expired, issuer "
        "https://issuer.example/: the token expired 3 s ago."
    )
    assert vars(record)["is_report_only"] is True
