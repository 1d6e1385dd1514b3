"""A JWK Set document (RFC 7517, section 5), taken apart into unread keys.

It is read in small steps, key by key. So a key that cannot be read leaves the others usable, and a
document of 512 KiB does not hold an event loop up. A value that is not asked for is not read: its
brackets and its quotes have to match, and no more. It knows no rule for a JWK.
"""

import re
from collections.abc import Generator, Mapping
from typing import Any, Final

from asgi_jwks.jose.encoding import EncodingError, LimitError, json_object
from asgi_jwks.jose.json_limits import JWK_LIMITS, JWK_SET_LIMITS
from asgi_jwks.jose.read_only import ReadOnlyDict

__all__ = ["SplitDocument"]

# Brackets and whole strings, once no escape hides a quote.
_TOKEN: Final = re.compile(rb'[\[\]{}]|"[^"]*+"')
_OPENING: Final = frozenset(b"[{")
_QUOTE: Final = ord('"')

# The document's object is level 1, the array of keys level 2, each key level 3.
_LEVEL_OF_KEYS: Final = 3

# Few enough for an event loop to wait for; most providers' key sets have fewer in all.
_TOKENS_PER_STEP: Final = 2048


class SplitDocument:
    """The outer two levels of a document, and the bytes of each value below them.

    `outer` has an array of one number in the place of each object and each array of level 3;
    `read` gives the object that stands there.
    """

    __slots__ = ("_inner", "outer")

    def __init__(self, outer: ReadOnlyDict, inner: list[bytes]) -> None:
        self.outer: Final[Mapping[str, Any]] = outer
        self._inner: Final = inner

    @classmethod
    def steps(cls, data: bytes) -> Generator[None, None, "SplitDocument"]:
        """Take a document apart; a generator that returns it and yields between small steps.

        Raises EncodingError: the outer levels are not strict JSON, brackets or quotes do not match,
        or there are more than 8192 values of level 3.
        """
        # With escapes of the same length that hold no quote, each quote opens or closes a string.
        masked = data.replace(b"\\\\", b"--").replace(b'\\"', b"--")
        if masked.count(b'"') % 2:
            raise EncodingError("not JSON")
        outer: list[bytes] = []
        inner: list[bytes] = []
        level = start = end = 0
        for number, token in enumerate(_TOKEN.finditer(masked), 1):
            if number % _TOKENS_PER_STEP == 0:
                yield
            place = token.start()
            byte = masked[place]
            if byte in _OPENING:
                level += 1
                if level == _LEVEL_OF_KEYS:
                    start = place
                    outer.append(data[end:start])
            elif byte != _QUOTE:
                if level == _LEVEL_OF_KEYS:
                    end = place + 1
                    outer.append(b"[%d]" % len(inner))
                    inner.append(data[start:end])
                    if len(inner) > JWK_SET_LIMITS.containers:
                        raise LimitError("too many objects and arrays")
                level -= 1
                if level < 0:
                    raise EncodingError("not JSON")
        if level:
            raise EncodingError("not JSON")
        outer.append(data[end:])
        yield
        return cls(json_object(b"".join(outer), JWK_SET_LIMITS), inner)

    def read(self, value: object) -> object:
        """The object in whose place `value` of `outer` stands, any other value as it is.

        Raises EncodingError: it is not strict JSON, or more than one key can be.
        """
        if not isinstance(value, list):
            return value
        data = self._inner[value[0]]
        return json_object(data, JWK_LIMITS) if data.startswith(b"{") else value
