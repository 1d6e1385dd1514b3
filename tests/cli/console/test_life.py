import pytest

from asgi_jwks.cli.console.life import Life
from asgi_jwks.errors import InvalidToken, KeySetUnavailable, Reason
from asgi_jwks.events.key_set import (
    BudgetExhausted,
    KeyDistrusted,
    KeySetEvent,
    KeySetExpired,
    KeySetRefreshed,
    KeyTrustedAgain,
    RefreshFailed,
    ServingStale,
    UnknownKey,
)

SET = "https://issuer.example/"


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        pytest.param(
            KeySetRefreshed(SET, ("a",), ("b",), (), changed=True),
            "fetched",
            "Keys fetched: new a, gone b.",
            id="fetched",
        ),
        pytest.param(
            KeySetRefreshed(SET, (), (), (), changed=False),
            "fetched",
            "Keys fetched: no change.",
            id="no-change",
        ),
        pytest.param(
            RefreshFailed(SET, ValueError("why"), 1, 2.0),
            "failed",
            "Fetch failed, next in 2 s: why",
            id="failed",
        ),
        pytest.param(ServingStale(SET), "phase", "The keys are stale", id="stale"),
        pytest.param(KeySetExpired(SET), "phase", "The keys have expired", id="expired"),
        pytest.param(UnknownKey(SET, "k"), "key", "did not find the key k.", id="unknown"),
        pytest.param(UnknownKey(SET, ""), "key", "without an id", id="unknown-without-id"),
        pytest.param(BudgetExhausted(SET), "key", "used up the budget", id="budget"),
        pytest.param(
            KeyDistrusted(SET, "\x1b", None, is_kept=False), "key", r"\x1b", id="distrusted"
        ),
        pytest.param(KeyTrustedAgain(SET, None, "t"), "key", "The key t is trusted", id="trusted"),
        pytest.param(KeySetEvent(SET), "key", "KeySetEvent", id="another"),
    ],
)
def test_each_event_of_a_key_set_is_an_entry(event: KeySetEvent, kind: str, words: str) -> None:
    """Issue 15: the key set's life, as it is heard of."""
    life = Life(lambda: 5.0)
    life.heard(event)
    (entry,) = life.entries()
    assert (entry.number, entry.at, entry.kind) == (1, 0.0, kind)
    assert words in entry.text


def test_entries_are_counted_and_bounded() -> None:
    """H4: nothing grows with what strangers send."""
    now = [0.0]
    life = Life(lambda: now[0])
    for _ in range(500):
        now[0] += 1
        life.note("act", "x" * 10_000)
    entries = life.entries()
    assert len(entries) == 200
    assert life.count == entries[-1].number == 500
    assert entries[-1].at == life.now == 500
    assert len(entries[-1].text) == 300


def refused(life: Life, number: bytes, error: InvalidToken | KeySetUnavailable) -> None:
    life.refused(error, {"headers": [(b"host", b"x"), (b"x-console-request", number)]})


def test_the_refusal_of_a_request_is_found_by_its_number_and_once() -> None:
    life = Life(lambda: 0.0)
    refused(life, b"1", InvalidToken(Reason.EXPIRED, "exp"))
    refused(life, b"2", KeySetUnavailable("no keys"))
    told = life.refusal(b"1")
    assert told is not None
    assert told.reason == "expired"
    assert "has expired" in told.advice
    assert life.refusal(b"1") is None
    told = life.refusal(b"2")
    assert told is not None
    assert (told.reason, told.advice) == (None, "no keys")


def test_refusals_that_nobody_asks_for_are_bounded_and_others_are_not_kept() -> None:
    """H4: a flood leaves nothing behind."""
    life = Life(lambda: 0.0)
    life.refused(InvalidToken(Reason.EXPIRED), {"headers": []})
    for number in range(1000):
        refused(life, str(number).encode(), InvalidToken(Reason.EXPIRED))
    assert life.refusal(b"999") is not None
    assert life.refusal(b"0") is None
