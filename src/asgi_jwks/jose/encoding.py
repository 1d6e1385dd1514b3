"""Strict base64url and strict JSON, bounded before anything is built.

Tokens and key sets are made of these two encodings. Each has one spelling of a value here and
refuses every other, so that no two readers of the same bytes can differ. No input byte is ever part
of an error's text.
"""

import binascii
import json
import math
import re
from typing import Final, NoReturn

from asgi_jwks.jose.json_limits import DOCUMENT_LIMITS, JSONLimits, exceeds
from asgi_jwks.jose.read_only import ReadOnlyDict, RepeatedNameError, read_only_object

__all__ = [
    "DuplicateNameError",
    "EncodingError",
    "LimitError",
    "UnusableValueError",
    "b64url_decode",
    "b64url_encode",
    "json_object",
]


class EncodingError(ValueError):
    """The bytes are not in the encoding. The message is a fixed phrase."""


class LimitError(EncodingError):
    """A JSON document, well formed or not, that holds more than its limits allow."""


class DuplicateNameError(EncodingError):
    """A JSON object that has two members of one name."""


class UnusableValueError(EncodingError):
    """A well-formed JSON value that no text and no number stands for."""


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


_WHITE_SPACE: Final = " \t\n\r"  # RFC 8259, section 2; str.strip() alone would take 25 more


def _no_constant(_name: str) -> NoReturn:
    raise EncodingError("NaN and Infinity are not JSON")


def _float_of(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise UnusableValueError("a number is out of range")
    return number


_scan: Final = json.JSONDecoder(
    object_pairs_hook=read_only_object, parse_float=_float_of, parse_constant=_no_constant
).raw_decode

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE_PAIR: Final = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..")


def json_object(data: bytes, limits: JSONLimits = DOCUMENT_LIMITS) -> ReadOnlyDict:
    """Read exactly one JSON object (RFC 8259) in UTF-8, read-only all the way.

    Refuses JSON that libraries tend to let through: a byte order mark, UTF-16 and UTF-32, a member
    name that occurs twice at any level, NaN and Infinity, numbers beyond the range of a double,
    lone surrogates, and anything but white space around the object. `limits` bounds its parts,
    before any is built; its size in bytes is for the caller to bound.

    Raises EncodingError: LimitError, DuplicateNameError and UnusableValueError for a document that
    may be well formed, another for one that is not.
    """
    if (reason := exceeds(data, limits)) is not None:
        raise LimitError(reason)
    try:
        text = data.decode("utf-8").strip(_WHITE_SPACE)
        value, end = _scan(text)
    except EncodingError:
        raise
    except RepeatedNameError:
        raise DuplicateNameError("a member name occurs twice") from None
    except UnicodeDecodeError:
        raise EncodingError("not UTF-8") from None
    except ValueError:
        raise EncodingError("not JSON") from None
    if end != len(text):
        raise EncodingError("data after the JSON value")
    if type(value) is not ReadOnlyDict:
        raise EncodingError("not a JSON object")
    if "\\" in text and ("\\ud" in text or "\\uD" in text):
        _check_surrogates(text)
    return value


def _check_surrogates(text: str) -> None:
    # RFC 7493, section 2.1. A lone surrogate has no UTF-8 form: it would fail later, in whatever
    # log, header or database the string is written to. The scanner has seen four hexadecimal digits
    # in each escape, so that a surrogate outside of the pairs is alone.
    unpaired = _SURROGATE_PAIR.sub(" ", text.replace("\\\\", "--"))
    if _SURROGATE.search(unpaired) is not None:
        raise UnusableValueError("a string has a lone surrogate")
