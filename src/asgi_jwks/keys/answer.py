"""What an HTTP answer says of itself: its header fields, how long it keeps, when to come back.

What lives only here: the reading of Cache-Control, Age, Retry-After and ETag (RFC 9110, RFC 9111).
What it does not know: how the answer was fetched, and what is done with the advice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["Answer", "freshness_advice", "retry_after"]

# More digits than this are no number of seconds that anybody means (RFC 9111, section 1.2.2).
_DELTA_SECONDS: Final = re.compile(r"\d{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: what a custom fetch callable returns.

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


def freshness_advice(answer: Answer) -> float | None:
    """Seconds for which the answer says that it stays fresh, or None if it does not say.

    `no-store` and `no-cache` advise zero; the `Age` that a cache on the way reports is subtracted
    (RFC 9111, sections 4.2 and 5.2.2).
    """
    directives = [d.strip().lower() for d in (answer.header("cache-control") or "").split(",")]
    if "no-store" in directives or any(d.split("=")[0] == "no-cache" for d in directives):
        return 0.0
    ages = [_seconds(d.partition("=")[2].strip('"')) for d in directives if d[:8] == "max-age="]
    stated = [age for age in ages if age is not None]
    if not stated:
        return None
    # Directives that contradict each other are read as the strictest of them.
    return max(0.0, min(stated) - (_seconds(answer.header("age")) or 0.0))


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait according to Retry-After (RFC 9110, section 10.2.3), if it says so legibly.

    A date counts from the answer's own `Date`, so that the two clocks need not agree.
    """
    value = answer.header("retry-after")
    if value is None or (seconds := _seconds(value)) is not None:
        return None if value is None else seconds
    until, sent = _date(value), _date(answer.header("date") or "")
    return None if until is None or sent is None else max(0.0, (until - sent).total_seconds())


def _seconds(value: str | None) -> float | None:
    matched = _DELTA_SECONDS.fullmatch(value.strip()) if value is not None else None
    return None if matched is None else float(matched[0])


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
