"""What an answer says of itself."""

import math
from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks.fetching.response import (
    FetchResponse,
    clock_ahead,
    entity_tag,
    freshness_advice,
    retry_after,
)

SENT = "Sun, 06 Nov 1994 08:49:37 GMT"


def answer(**headers: str) -> FetchResponse:
    return FetchResponse(
        200, {name.replace("_", "-"): value for name, value in headers.items()}, b""
    )


def test_field_names_are_compared_in_any_case() -> None:
    assert answer(ETag='"x"').header("etag") == '"x"'
    assert answer(ETag='"x"').header("age") is None


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("max-age=15", 15.0),
        ("public, max-age=600, must-revalidate", 600.0),
        ("Max-Age=15", 15.0),
        ('max-age="15"', 15.0),
        ("max-age=15, max-age=7", 7.0),
        ("max-age=99999999999999999999", 2.0**31),
        ("max-age=abc", 0.0),
        ("max-age=-1", 0.0),
        ("max-age=", 0.0),
        ("no-store", 0.0),
        ("no-cache", 0.0),
        ('no-cache="set-cookie", max-age=60', 0.0),
        ("max-age=60, no-store", 0.0),
        ("s-maxage=60", None),
        ("public", None),
        ("", None),
    ],
)
def test_cache_control_advises_how_long_the_answer_is_fresh(
    cache_control: str, seconds: float | None
) -> None:
    """F11: RFC 9111, sections 4.2.1 and 5.2.2."""
    assert freshness_advice(answer(cache_control=cache_control)) == seconds


def test_without_cache_control_there_is_no_advice() -> None:
    assert freshness_advice(answer()) is None


@pytest.mark.parametrize(("age", "left"), [("10", 5.0), ("20", 0.0), ("soon", 15.0)])
def test_the_age_of_the_answer_is_subtracted(age: str, left: float) -> None:
    """F11: RFC 9111, section 4.2."""
    assert freshness_advice(answer(cache_control="max-age=15", age=age)) == left


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 09:49:47 +0100", 10.0),
        ("Sun, 06 Nov 1994 08:49:47 -0000", 10.0),
        ("Sun, 06 Nov 1994 08:49:30 GMT", 0.0),
        ("later", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """F11: RFC 9110, section 10.2.3; a date counts from the answer's own Date."""
    assert retry_after(answer(retry_after=value, date=SENT)) == seconds


def test_a_date_to_retry_after_needs_a_date_to_count_from() -> None:
    assert retry_after(answer(retry_after=SENT)) is None
    assert retry_after(answer(date=SENT)) is None


@pytest.mark.parametrize("tag", ['"abc"', 'W/"abc"', "unquoted", '""'])
def test_an_entity_tag_is_kept_to_be_sent_back(tag: str) -> None:
    """F11: RFC 9110, section 8.8.3."""
    assert entity_tag(answer(etag=tag)) == tag


@pytest.mark.parametrize(
    "tag",
    ['"é"', '"a\r\nX: y"', "", pytest.param("x" * 513, id="513 characters"), ' "a"', "\u2028"],
)
def test_an_entity_tag_that_cannot_be_sent_back_is_forgotten(tag: str) -> None:
    """F8: else one odd answer would make every later fetch fail."""
    assert entity_tag(answer(etag=tag)) is None
    assert entity_tag(answer()) is None


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_the_fields_say_the_result_is_a_number_or_nothing(
    cache_control: str, age: str, later: str, date: str
) -> None:
    """F8: garbage in the fields of an answer is no exception."""
    garbled = answer(cache_control=cache_control, age=age, retry_after=later, date=date)
    for seconds in (freshness_advice(garbled), retry_after(garbled)):
        assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


@pytest.mark.parametrize(
    ("asked_at", "answered_at", "ahead"),
    [(0.9, 0.9, 0), (-3, 5, 0), (4, 9, 3), (-9, -4, -4)],
    ids=["in its second", "a slow answer", "ahead", "behind"],
)
def test_clocks_differ_by_what_no_time_on_the_way_explains(
    asked_at: float, answered_at: float, ahead: float
) -> None:
    """O2: a Date has whole seconds, and an answer may be slow, or its reader."""
    dated = answer(date=SENT)
    sent = parsedate_to_datetime(SENT).timestamp()
    told = clock_ahead(dated, asked_at=sent + asked_at, answered_at=sent + answered_at)
    assert told == pytest.approx(ahead)


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 27 Nov 2026 12:00:00 +99999999999999999",
        "Fri, 27 Nov 2026 99999999999999:1:1 GMT",
        "Fri, 27 Nov 99999999999999999999 12:00:00 GMT",
    ],
)
def test_a_date_of_too_many_digits_is_not_legible(date: str) -> None:
    """F8: nor does it make a failure of an answer with good keys."""
    assert clock_ahead(answer(date=date), asked_at=0.0, answered_at=0.0) is None
    assert retry_after(answer(retry_after=date, date=SENT)) is None


@given(st.datetimes(), st.datetimes(), st.integers(-1439, 1439))
def test_any_two_dates_have_a_distance(until: datetime, sent: datetime, offset: int) -> None:
    """F11."""
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}{abs(offset) % 60:02}"
    fields = {
        name: f"{when:%d %b} {when.year:04} {when:%H:%M:%S} {zone if name == 'date' else 'GMT'}"
        for name, when in (("retry_after", until), ("date", sent))
    }
    seconds = retry_after(answer(**fields))
    assert seconds is not None
    assert seconds >= 0
