"""The text of `asgi-jwks inspect`: a token's header, claims and times, for people.

It knows no keys: nothing is verified, and the text says so first. The signature is left out, so
that the text is not a credential.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from asgi_jwks.errors import InvalidToken
from asgi_jwks.jose.jws import parse_compact

__all__ = ["NotAToken", "inspect"]

_WARNING: Final = "NOT VERIFIED. Anybody can write a token that says this."
_TIMES: Final = ("iat", "nbf", "exp")


class NotAToken(Exception):
    """The text is not a signed JWT in the compact serialization (RFC 7515, section 7.1)."""


def inspect(text: str, *, now: float | None = None) -> str:
    """The header and the claims of a token, and its times as dates.

    Args:
        text: the token; blanks around it and `Bearer` before it are ignored.
        now: the present, in seconds since the epoch; the system's clock unless given.

    Raises:
        NotAToken: with a sentence for the reader.
    """
    token = text.strip()
    if token[:7].lower() == "bearer ":
        token = token[7:].lstrip()
    try:
        parsed = parse_compact(token.encode("utf-8", "surrogateescape"))
    except InvalidToken as error:
        raise NotAToken(f"{error}.") from None
    return "\n".join(
        [
            _WARNING,
            "",
            f"header  {_json(parsed.header)}",
            f"claims  {_json(parsed.claims)}",
            *_times(parsed.claims, time.time() if now is None else now),
            "",
            f"The signature of {len(parsed.signature)} bytes is not shown.",
        ]
    )


def _json(members: Mapping[str, object]) -> str:
    # ensure_ascii keeps control characters of a stranger's token away from the terminal.
    return json.dumps(members, indent=2, ensure_ascii=True)


def _times(claims: Mapping[str, object], now: float) -> list[str]:
    lines = []
    for name in _TIMES:
        seconds = claims.get(name)
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            lines.append(f"{name}     {_date(seconds, now)}")
    return lines


def _date(seconds: float, now: float) -> str:
    try:
        date = datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} is not a date"
    distance = _duration(abs(seconds - now))
    return f"{date}, {distance} ago" if seconds <= now else f"{date}, in {distance}"


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"
