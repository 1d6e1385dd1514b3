"""One text of a JSON object, found in its bytes without building the rest.

It is for a large object that nobody has vouched for, of which one text says whom to ask: it costs a
few passes in C over the bytes, whatever they are (hot path of attackers: benchmark `worst_requests
--issuers 3`). It is not strict: of an object that `json_object` reads it finds the same text or
none, and of anything else something or nothing.
"""

import json
from typing import Final

from asgi_jwks.jose.encoding import EncodingError, LimitError
from asgi_jwks.jose.json_limits import CLAIMS_LIMITS

__all__ = ["member_of"]

_WHITE_SPACE: Final = b" \t\n\r"  # RFC 8259, section 2

_QUOTE: Final = b'"'
_SKELETON: Final = b'"{}[]'
_NOT_SKELETON: Final = bytes(byte for byte in range(256) if byte not in _SKELETON)

# All quotes and brackets of an object within CLAIMS_LIMITS, and some more inside of strings.
_MOST_OF_A_SKELETON: Final = 4096
# Strings with brackets in them; several without a bracket between them count as one, so that an
# object within CLAIMS_LIMITS has no more.
_MOST_BRACKETED_STRINGS: Final = 2 * CLAIMS_LIMITS.containers + 1
# 6 KiB of text in which each character is escaped (RFC 8259, section 7).
_MOST_ESCAPES: Final = 1024

# A chain of delegation (RFC 8693, section 4.1) may name an issuer in each of its links.
_MOST_OCCURRENCES: Final = 8

# An issuer is a URL, of up to 2,048 characters; each may be escaped, as PHP escapes slashes.
_LONGEST_TEXT: Final = 4096

_scan_string: Final = json.JSONDecoder().raw_decode


def member_of(data: bytes, name: str) -> str | None:
    """The text that a JSON object has under a name, or None.

    The name is found where it is written without escapes. Of a name that occurs twice the first
    counts.

    Raises EncodingError: it is not an object with a text under that name, or LimitError: it has
    more in front of that name than is looked through.
    """
    data = data.lstrip(_WHITE_SPACE)
    if not data.startswith(b"{"):
        raise EncodingError("not a JSON object")
    quoted = b'"%b"' % name.encode()
    last = data.rfind(quoted)
    if last < 0:
        return None
    head = data[: last + len(quoted)]
    # Escapes exist only in strings. With those of backslash and quote blotted out, each quote
    # opens or closes a string, and everything is still in its place.
    if b"\\" in head:
        if head.count(b"\\") > _MOST_ESCAPES:
            raise LimitError("too many escapes")
        head = head.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    depth = start = 0
    for _ in range(_MOST_OCCURRENCES):
        found = head.find(quoted, start)
        if found < 0:
            return None
        depth += _depth_gained(head[start:found])
        start = found + len(quoted)
        if depth == 1:
            rest = data[start:].lstrip(_WHITE_SPACE)
            if rest.startswith(b":"):
                return _text_at_start(rest[1:].lstrip(_WHITE_SPACE))
    raise LimitError(f"too many members {name}")


def _depth_gained(piece: bytes) -> int:
    """The depth behind a piece of JSON, less that in front of it.

    The piece begins and ends outside of strings.
    """
    skeleton = piece.translate(None, _NOT_SKELETON)
    if len(skeleton) > _MOST_OF_A_SKELETON:
        raise LimitError("too many values")
    # Strings without a bracket go; where one ends as the next begins, they become one string.
    skeleton = skeleton.replace(b'""', b"")
    strings = skeleton.count(_QUOTE)
    if strings % 2:
        raise EncodingError("not JSON")
    if strings:
        if strings > 2 * _MOST_BRACKETED_STRINGS:
            raise LimitError("too many strings with brackets")
        skeleton = b"".join(skeleton.split(_QUOTE)[::2])
    opened = skeleton.count(b"{") + skeleton.count(b"[")
    return 2 * opened - len(skeleton)


def _text_at_start(data: bytes) -> str:
    if not data.startswith(_QUOTE):
        raise EncodingError("not a text")
    # A character may be cut in two at the end, which is behind the text.
    piece = data[:_LONGEST_TEXT].decode("utf-8", "replace")
    try:
        text, _ = _scan_string(piece)
    except ValueError:
        raise EncodingError("not a text") from None
    return str(text)
