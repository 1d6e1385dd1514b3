"""Strict base64url and strict, bounded JSON.

What lives only here: the two encodings that tokens and key sets are made of. Each has one spelling
of a value and refuses every other, so that no two readers of the same bytes can differ.
What it does not know: which bytes it reads. No input byte is ever part of an error's text.
"""

import binascii
import json
import math
import re
from typing import Any, Final, NoReturn

from asgi_jwks.jose.read_only import ReadOnlyDict, ReadOnlyList

__all__ = ["MAX_JSON_DEPTH", "EncodingError", "b64url_decode", "b64url_encode", "json_object"]


class EncodingError(ValueError):
    """The bytes are not what they should be. The message is a fixed phrase."""


# RFC 4648, section 5. Every byte outside the alphabet becomes one that binascii refuses: so do
# "+", "/" and "=", which it would take, and white space.
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_STANDARD: Final = bytes(
    {ord("-"): ord("+"), ord("_"): ord("/")}.get(byte, byte) if byte in _ALPHABET else ord("!")
    for byte in range(256)
)
# By length modulo 4: the padding that binascii wants, and the characters that may come last. With
# two characters left over, the low 4 bits of the last one carry nothing, with three the low 2 bits;
# RFC 4648, section 3.5 lets a decoder insist on zeros there. One left over is never base64.
_PADDING: Final = (b"", b"", b"==", b"=")
_LAST: Final = (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])


def b64url_decode(segment: bytes) -> bytes:
    """Decode base64url without padding (RFC 7515, section 2), in its canonical form only.

    Refuses padding, white space, the characters of plain base64, an impossible length and unused
    bits that are not zero. The empty segment is the empty value.

    Raises EncodingError.
    """
    remainder = len(segment) & 3
    if remainder and segment[-1] not in _LAST[remainder]:
        raise EncodingError("not canonical base64url")
    try:
        return binascii.a2b_base64(
            segment.translate(_TO_STANDARD) + _PADDING[remainder], strict_mode=True
        )
    except binascii.Error:
        raise EncodingError("not base64url") from None


def b64url_encode(data: bytes) -> str:
    """Encode as base64url without padding (RFC 7515, section 2)."""
    encoded = binascii.b2a_base64(data, newline=False).rstrip(b"=")
    return encoded.replace(b"+", b"-").replace(b"/", b"_").decode("ascii")


# A bound on work: tokens and key sets nest 3 or 4 deep in practice (Keycloak's resource_access is
# 3), 16 leaves room, and recursion over claims stays far from the interpreter's own limit.
MAX_JSON_DEPTH: Final = 16

_WHITE_SPACE: Final = " \t\n\r"  # RFC 8259, section 2; str.strip() alone would take 25 more
_BRACKETS: Final = b"[]{}"
_NO_BRACKET: Final = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def _frozen_list(values: list[Any]) -> ReadOnlyList:
    for index, value in enumerate(values):
        if type(value) is list:
            values[index] = _frozen_list(value)
    return ReadOnlyList(values)


def _frozen_object(members: list[tuple[str, Any]]) -> ReadOnlyDict:
    value = ReadOnlyDict(members)
    if len(value) != len(members):
        raise EncodingError("a member name occurs twice")
    for name, member in members:
        if type(member) is list:
            dict.__setitem__(value, name, _frozen_list(member))
    return value


def _finite_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise EncodingError("a number is out of range")
    return number


def _no_constant(_name: str) -> NoReturn:
    raise EncodingError("NaN and Infinity are not JSON")


_scan: Final = json.JSONDecoder(
    object_pairs_hook=_frozen_object, parse_float=_finite_float, parse_constant=_no_constant
).raw_decode


def json_object(data: bytes) -> ReadOnlyDict:
    """Read exactly one JSON object (RFC 8259) in UTF-8; the result is read-only all the way.

    Refuses what JSON libraries tend to let through: a byte order mark, UTF-16 and UTF-32, a member
    name that occurs twice at any level, NaN and Infinity, floats beyond the range of a double,
    integers beyond Python's limit of digits, lone surrogates, nesting deeper than MAX_JSON_DEPTH,
    and anything but white space around the object. The size is for the caller to bound.

    Raises EncodingError.
    """
    if data.count(b"{") + data.count(b"[") > MAX_JSON_DEPTH:
        _check_depth(data)
    try:
        text = data.decode("utf-8").strip(_WHITE_SPACE)
        value, end = _scan(text)
    except EncodingError:
        raise
    except UnicodeDecodeError:
        raise EncodingError("not UTF-8") from None
    except ValueError:
        # JSONDecodeError, and the ValueError of an integer with too many digits.
        raise EncodingError("not JSON") from None
    if end != len(text):
        raise EncodingError("data after the JSON value")
    if type(value) is not ReadOnlyDict:
        raise EncodingError("not a JSON object")
    if "\\" in text and _SURROGATE.search(data):
        _check_surrogates(value)
    return value


def _check_depth(data: bytes) -> None:
    # Brackets inside strings do not count. Escapes exist only in strings; once they are gone, each
    # quote opens or closes one, and every second piece lies outside. Up to the first syntax error
    # this agrees with the scanner, which never gets beyond that error.
    outside = b"".join(_ESCAPE.sub(b"", data).split(b'"')[::2])
    depth = 0
    for bracket in outside.translate(None, _NO_BRACKET):
        if bracket in b"[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                raise EncodingError("nested too deeply")
        else:
            depth -= 1


def _check_surrogates(value: ReadOnlyDict) -> None:
    # RFC 7493, section 2.1. A lone surrogate has no UTF-8 form: it would fail later, in whatever
    # log, header or database the string is written to.
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise EncodingError("a string has a lone surrogate") from None
