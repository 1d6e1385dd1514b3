"""Shapes of JSON that cost a reader most, each up to a number of bytes."""

import random
from collections.abc import Callable
from typing import Final

__all__ = ["SHAPES", "varied"]

Shape = Callable[[int], bytes]


def _repeated(before: str, unit: str, after: str, *, most: int = 1_000_000) -> Shape:
    """As many units as fit; `{n}` in a unit is its number."""

    def shape(size: int) -> bytes:
        units: list[str] = []
        room = size - len(before.encode()) - len(after.encode())
        for number in range(most):
            written = unit.replace("{n}", str(number))
            room -= len(written.encode()) + 1
            if room < 0:
                break
            units.append(written)
        return (before + ",".join(units) + after).encode()

    return shape


def _one(before: str, unit: str, after: str) -> Shape:
    """Units without commas between them."""

    def shape(size: int) -> bytes:
        room = size - len(before.encode()) - len(after.encode())
        return (before + unit * (room // len(unit.encode())) + after).encode()

    return shape


def _padded(shape: Shape) -> Shape:
    """The same with long names or strings in place of the x in it, up to the size."""

    def padded(size: int) -> bytes:
        plain = shape(size)
        count = max(plain.count(b"x"), 1)
        return plain.replace(b"x", b"x" * max((size - len(plain)) // count + 1, 1))

    return padded


_OBJECTS = _repeated('{"a":[', '{"ax{n}":1,"b{n}":2}', "]}", most=254)
_MEMBERS = _repeated("{", '"x{n}":{n}', "}", most=512)
_STRINGS = _repeated("{", '"x{n}":"y{n}"', "}", most=512)
_LISTS = _repeated('{"a":[', '[1,"x",3]', "]}", most=254)
_CHAINS = _repeated('{"a":[', "[" * 12 + '"x"' + "]" * 12, "]}", most=20)

# For smaller limits than those of claims.
_FEW: Final[dict[str, Shape]] = {
    "31 objects of two members": _padded(
        _repeated('{"a":[', '{"ax{n}":1,"b{n}":2}', "]}", most=31)
    ),
    "62 arrays": _padded(_repeated('{"a":[', '[1,"x",3]', "]}", most=62)),
    "64 members": _padded(_repeated("{", '"x{n}":"y{n}"', "}", most=64)),
    "32 members": _padded(_repeated("{", '"x{n}":"y{n}"', "}", most=32)),
    "16 fractions": _padded(_repeated('{"x":[', "1.2345678e-320", "]}", most=8)),
    "190 strings": _padded(_repeated('{"a":[', '"x{n}"', "]}", most=190)),
}

SHAPES: Final[dict[str, Shape]] = {
    **_FEW,
    # Accepted, at the limits.
    "objects of two members": _OBJECTS,
    "objects with long names": _padded(_OBJECTS),
    "members": _MEMBERS,
    "members with long names": _padded(_MEMBERS),
    "members with long strings": _padded(_STRINGS),
    "arrays": _padded(_LISTS),
    "chains of arrays": _padded(_CHAINS),
    "deep, then wide": lambda size: (
        b'{"a":' * 12 + _repeated('{"a":[', "{n}", "]}", most=900)(size - 84) + b"}" * 12
    ),
    "strings": _padded(_repeated('{"a":[', '"x{n}"', "]}", most=1000)),
    "integers of 15 digits": _repeated('{"a":[', "1234567890{n}", "]}", most=1020),
    "integers of 32 digits": _repeated('{"a":[', "9" * 32, "]}", most=1020),
    "128 fractions": _padded(_repeated('{"x":[', "1.2345678e-320", "]}", most=64)),
    "fractions and members": lambda size: (
        b'{"f":[' + b",".join([b"1.25"] * 127) + b"]," + _padded(_STRINGS)(size - 700)[1:]
    ),
    "escapes": _one('{"a":"', r"\n", '"}'),
    "escaped quotes": _one('{"a":"', r"\"", '"}'),
    "escaped backslashes": _one('{"a":"', r"\\", '"}'),
    "escaped letters": _one('{"a":"', r"\u0041", '"}'),
    "surrogate pairs": _one('{"a":"', r"\ud83d\ude00", '"}'),
    "a surrogate pair among quotes": _one('{"a":"\\ud83d\\ude00', r"\"", '"}'),
    "emoji": _one('{"a":"', "😀", '"}'),
    "structure in strings": _padded(_repeated('{"a":[', r'"x[{,:\"\\"', "]}", most=1000)),
    "digits in strings": _padded(_repeated("{", '"x{n}":"' + "0" * 32 + '"', "}", most=300)),
    # Refused.
    "brackets of the issue": _repeated('{"a":[', "[[[[]]]]", "]}"),
    "opened brackets": _one("", "[", ""),
    "closed brackets": _one('{"a":[' + "[]," * 20, "]", ""),
    "empty objects": _repeated('{"a":[', "{}", "]}"),
    "numbers": _repeated('{"a":[', "1", "]}"),
    "fractions": _repeated('{"a":[', "1.2345678e-310", "]}"),
    "a long integer": _one('{"a":', "7", "}"),
    "long integers": _repeated('{"a":[', "7" * 4000, "]}"),
    "exponents of zero": _repeated('{"a":[', "1e-400", "]}", most=128),
    "exponents": _repeated('{"a":[', "1e999", "]}", most=128),
    "one name": _repeated("{", '"a":1', "}", most=512),
    "one name at the end": _padded(
        lambda size: _MEMBERS(size - 20)[:-9] + b',"x0":1}',
    ),
    "quotes": _one("", '"', ""),
    "strings of commas": _repeated('{"a":[', '","', "]}"),
    "strings of commas, few enough": _repeated('{"a":[', '",,,,,,"', "]}", most=1020),
    "spaces": _one("{", " ", "}"),
    "a lone surrogate at the end": lambda size: (
        _one('{"a":"', r"\ud83d\ude00", "")(size - 10) + rb'\ud83d"}'
    ),
    "not UTF-8 at the end": lambda size: _padded(_STRINGS)(size - 5) + b"\xff",
    "data after it": lambda size: _padded(_OBJECTS)(size - 5) + b"x",
}


def varied(document: bytes, size: int, chance: random.Random) -> bytes:
    """A neighbour of a document: a piece of it repeated, left out, or put elsewhere."""
    start = chance.randrange(len(document))
    piece = document[start : start + chance.choice((1, 2, 3, 8, 40, 300))]
    place = chance.randrange(len(document))
    if chance.random() < 0.3:
        changed = document[:start] + document[start + len(piece) :]
    else:
        changed = document[:place] + piece * chance.choice((1, 2, 30)) + document[place:]
    return changed[:size]
