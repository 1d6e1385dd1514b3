"""An HTTP response, and the advice in its header fields (RFC 9110, RFC 9111).

Cache-Control, Age, Retry-After and ETag are read here, and nowhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from asgi_jwks.errors import KeySetUnavailable

__all__ = [
    "FetchFailed",
    "FetchResponse",
    "Representation",
    "clock_ahead",
    "entity_tag",
    "freshness_advice",
    "retry_after",
    "sendable_tag",
]

_DELTA_SECONDS: Final = re.compile(r"\d+", re.ASCII)
# RFC 9111, section 1.2.2: what is longer than this counts as this.
_LONGEST_DELTA: Final = 2.0**31

# What may be echoed in If-None-Match. RFC 9110, section 8.8.3 has bytes beyond ASCII in it too, but
# a client that cannot send one back would fail with every fetch from then on.
_SENDABLE_TAG: Final = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,510}[\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """An HTTP response, as a custom fetch callable returns it.

    Args:
        status: the status code.
        headers: the header fields; their names are compared in any case.
        body: the content, not compressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of the field `name` (given in lower case), if there is one."""
        return next((v for n, v in self.headers.items() if n.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Representation:
    """The document that a URL had (RFC 9110, section 3.2), for the next conditional request."""

    url: str
    document: bytes
    etag: str | None = None


class FetchFailed(KeySetUnavailable):
    """No document came of the exchange.

    `passing` is whether a second attempt may succeed; `asked_to_wait` is the endpoint's Retry-After
    in seconds.
    """

    def __init__(
        self, message: str, *, passing: bool = False, asked_to_wait: float | None = None
    ) -> None:
        super().__init__(message)
        self.passing = passing
        self.asked_to_wait = asked_to_wait


def freshness_advice(response: FetchResponse) -> float | None:
    """Seconds that the response stays fresh, or None if it does not say.

    `no-store`, `no-cache` and an illegible `max-age` advise zero; the `Age` that a cache on the way
    reports is subtracted (RFC 9111, sections 4.2 and 5.2.2).
    """
    directives = [d.strip().lower() for d in (response.header("cache-control") or "").split(",")]
    if "no-store" in directives or any(d.split("=")[0] == "no-cache" for d in directives):
        return 0.0
    ages = [_seconds(d.partition("=")[2].strip('"')) for d in directives if d[:8] == "max-age="]
    if not ages:
        return None
    # Directives that contradict each other are read as the strictest of them, and one that says
    # nothing legible as if it had expired (RFC 9111, section 4.2.1).
    strictest = min(0.0 if age is None else age for age in ages)
    return max(0.0, strictest - (_seconds(response.header("age")) or 0.0))


def retry_after(response: FetchResponse) -> float | None:
    """Seconds to wait according to Retry-After (RFC 9110, section 10.2.3), if it says so legibly.

    A date counts from the response's own `Date`, so that the two clocks need not agree.
    """
    value = response.header("retry-after")
    if value is None:
        return None
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    until, sent = _date(value), _date(response.header("date") or "")
    return None if until is None or sent is None else max(0.0, (until - sent).total_seconds())


def clock_ahead(response: FetchResponse, *, asked_at: float, answered_at: float) -> float | None:
    """Seconds by which a clock is ahead of the sender's, at least.

    It is negative where the clock is behind, and None if the response has no legible Date (RFC
    9110, section 6.6.1).

    Args:
        response: the answer.
        asked_at: seconds by that clock when the answer was asked for; it was made at some time
            from then on, so that a slow answer is not a difference.
        answered_at: the same, when it had come.
    """
    date = _date(response.header("date") or "")
    if date is None:
        return None
    sent = date.timestamp()
    # Date has whole seconds.
    return max(asked_at - (sent + 1), 0.0) + min(answered_at - sent, 0.0)


def entity_tag(response: FetchResponse) -> str | None:
    """The ETag (RFC 9110, section 8.8.3), if there is one that can be sent back."""
    return sendable_tag(response.header("etag"))


def sendable_tag(tag: str | None) -> str | None:
    """`tag` if it can be sent in If-None-Match, else None."""
    return tag if tag is not None and _SENDABLE_TAG.fullmatch(tag) else None


def _seconds(value: str | None) -> float | None:
    matched = _DELTA_SECONDS.fullmatch(value.strip()) if value is not None else None
    return None if matched is None else min(float(matched[0]), _LONGEST_DELTA)


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    # The last for an hour or an offset of so many digits that it is not an integer of C.
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
