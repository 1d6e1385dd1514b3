"""Text of strangers, made fit for a log line or an error message.

The one law here: whatever comes out is printable ASCII on one line and of bounded length.
"""

from typing import Final

__all__ = ["printable", "quoted"]

# A log line that a person reads; kids are 43 characters where they are thumbprints.
_LONGEST: Final = 64

# Whole, or a difference at the end of two values would not show; no issuer identifier is longer.
_LONGEST_WHOLE: Final = 1024


def printable(text: str, *, longest: int = _LONGEST) -> str:
    """A text as it may stand in a log.

    Printable ASCII, on one line, at most 64 characters.

    A kid is whatever a stranger wrote into a token header (RFC 8725, section 3.10).
    """
    escaped = ascii(text[: longest + 1])[1:-1]
    if len(escaped) > longest:
        return escaped[: longest - 3] + "..."
    return escaped


def quoted(text: str) -> str:
    """A text between single quotes, whole up to 1,024 characters, as Python would write it.

    A quote in the text is escaped, so that nothing in it passes for words of ours.
    """
    # With a double quote in it, `ascii` chooses single ones.
    escaped = ascii('"' + text[:_LONGEST_WHOLE])[2:-1]
    return f"'{escaped}...'" if len(text) > _LONGEST_WHOLE else f"'{escaped}'"
