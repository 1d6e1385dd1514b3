"""Text of strangers, made fit for a log line or an error message.

The one law here: what comes out is printable ASCII on one line and of bounded length.
"""

from typing import Final

__all__ = ["printable"]

# A log line that a person reads; kids are 43 characters where they are thumbprints.
_LONGEST: Final = 64


def printable(text: str) -> str:
    """A text as it may stand in a log: printable ASCII, on one line, at most 64 characters.

    A kid is whatever a stranger wrote into a token header (RFC 8725, section 3.10).
    """
    escaped = ascii(text[: _LONGEST + 1])[1:-1]
    if len(escaped) > _LONGEST:
        return escaped[: _LONGEST - 3] + "..."
    return escaped
