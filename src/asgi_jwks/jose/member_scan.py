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
# Of which few are among the last members of an object that is as large as a token may be.
_MOST_OCCURRENCES_NEAR_THE_END: Final = 3

# A name behind this many bytes is looked for from the end of the object, which is near in a token
# of MAX_TOKEN_BYTES: Casdoor writes a user's permissions in front of `iss`, Auth0 a tenant's own
# claims.
_LOOKED_AT_FROM_THE_START: Final = 10_752

# An issuer is a URL, of up to 2,048 characters; each may be escaped, as PHP escapes slashes.
_LONGEST_TEXT: Final = 4096

_scan_string: Final = json.JSONDecoder().raw_decode


def member_of(data: bytes, name: str) -> str | None:
    """The text that a JSON object has under a name, or None.

    The name is found where it is written without escapes. Of a name that occurs twice one counts.

    Raises EncodingError: it is not an object with a text under that name, or LimitError: there is
    more around that name than is looked through.
    """
    data = data.lstrip(_WHITE_SPACE)
    if not data.startswith(b"{"):
        raise EncodingError("not a JSON object")
    quoted = b'"%b"' % name.encode()
    value = _value_near_the_end(data, quoted)
    if value is None:
        value = _value_near_the_start(data, quoted)
    return None if value is None else _text_at_start(value)


def _value_near_the_start(data: bytes, quoted: bytes) -> bytes | None:
    """The object from the value of a name near its start on."""
    last = data.rfind(quoted, 0, _LOOKED_AT_FROM_THE_START + len(quoted) - 1)
    if last < 0:
        return None
    head = _without_escapes(data[: last + len(quoted)])
    depth = start = 0
    for _ in range(_MOST_OCCURRENCES):
        found = head.find(quoted, start)
        if found < 0:
            return None
        depth += _depth_gained(head[start:found])
        start = found + len(quoted)
        if depth == 1 and (value := _behind_colon(data[start:])) is not None:
            return value
    raise LimitError(f"too many members {quoted[1:-1].decode()}")


def _value_near_the_end(data: bytes, quoted: bytes) -> bytes | None:
    """The object from the value of a name near its end on."""
    first = data.find(quoted, _LOOKED_AT_FROM_THE_START)
    if first < 0:
        return None
    before = data[:first]
    # A quote behind an odd number of backslashes is a character of a string.
    first += (len(before) - len(before.rstrip(b"\\"))) % 2
    tail = _without_escapes(data[first:])
    depth, end = 0, len(tail)
    for _ in range(_MOST_OCCURRENCES_NEAR_THE_END):
        found = tail.rfind(quoted, 0, end)
        if found < 0:
            break
        start = found + len(quoted)
        depth -= _depth_gained(tail[start:end])
        if depth == 1 and (value := _behind_colon(data[first + start :])) is not None:
            return value
        end = found
    return None


def _without_escapes(piece: bytes) -> bytes:
    """The piece with its escapes of backslash and quote blotted out.

    Escapes exist only in strings. Of what is left each quote opens or closes a string, and
    everything is still in its place.
    """
    if b"\\" in piece:
        if piece.count(b"\\") > _MOST_ESCAPES:
            raise LimitError("too many escapes")
        piece = piece.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    return piece


def _behind_colon(rest: bytes) -> bytes | None:
    rest = rest.lstrip(_WHITE_SPACE)
    return rest[1:].lstrip(_WHITE_SPACE) if rest.startswith(b":") else None


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
