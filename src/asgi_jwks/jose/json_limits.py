"""Limits of a JSON document, and the count of its parts before any is built.

The count costs a few passes over the bytes, whatever they are. A scanner that is stopped at a limit
has done the work up to it; here no object, string or number is made of a document that has too many
of them. The document need not be well formed: up to its first error all that a scanner would build
is counted, and behind that there is nothing to build.
"""

from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "CLAIMS_LIMITS",
    "DOCUMENT_LIMITS",
    "HEADER_LIMITS",
    "JWK_LIMITS",
    "JWK_SET_LIMITS",
    "MAX_JSON_DEPTH",
    "UNVERIFIED_CLAIMS_LIMITS",
    "JSONLimits",
    "exceeds",
]

# Tokens and key sets nest 3 or 4 deep in practice (Keycloak's resource_access is 3), 16 leaves
# room, and recursion over claims stays far from the interpreter's own limit.
MAX_JSON_DEPTH: Final = 16

# An integer of 32 digits holds any time, count and 106-bit number. Python converts longer ones in
# quadratic time up to its own limit of 4300 digits (sys.set_int_max_str_digits).
_MAX_DIGITS: Final = 32

# A text of thousands of escapes, as libraries write Cyrillic or Chinese names, is not dear by
# itself. With this bound it is within `together` where it has few brackets, colons and commas.
_MOST_BACKSLASHES: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class JSONLimits:
    """How much one JSON document may hold, at all levels together.

    Args:
        members: members of objects.
        containers: objects and arrays, the outermost among them.
        values: values of members and of arrays; an empty object or array counts once more.
        fractions: decimal points and exponents of numbers: converting one near the smallest double
            costs more than any other value.
        together: all of it at once: eight for each object, four for each array, three for each of
            the first 512 backslashes, two for each member, one for each value, as their costs are
            to each other (benchmark `worst_requests`). None does not bound it.

    Every document is bounded to a depth of MAX_JSON_DEPTH and to 32 digits in a row in a number.
    """

    members: int
    containers: int
    values: int
    fractions: int
    together: int | None = None
    # A document with no more brackets, colons and commas than this is within all five.
    _least: int = field(init=False)

    def __post_init__(self) -> None:
        least = min(self.members, self.containers, self.values, self.fractions)
        if self.together is not None:
            # A bracket counts most: as an object and as a value.
            least = min(least, (self.together - 3 * _MOST_BACKSLASHES) // 9)
        object.__setattr__(self, "_least", least)


# A JOSE header has 3 to 5 members in practice; a DPoP proof's has a key of 4 to 8 among them.
HEADER_LIMITS: Final = JSONLimits(members=32, containers=32, values=64, fractions=16)

# An access token of 16 KiB with 1,000 permissions, with the roles of 120 Keycloak clients, or with
# what Casdoor writes: 70 members for a user, and 20 with 5 arrays for each of 24 permissions. None
# is at all of these limits at once; Casdoor's come to 2,629 together.
CLAIMS_LIMITS: Final = JSONLimits(
    members=576, containers=256, values=1024, fractions=128, together=2640
)

# Claims that are read before any signature is judged, since the issuer in them decides whose keys
# are asked for: an access token of ordinary size.
UNVERIFIED_CLAIMS_LIMITS: Final = JSONLimits(members=64, containers=64, values=256, fractions=32)

# One published key: 6 to 12 members, a certificate chain of up to a dozen.
JWK_LIMITS: Final = JSONLimits(members=64, containers=32, values=128, fractions=32)

# A JWK Set with its keys taken out, each replaced by an array of one number. The shortest usable
# key (Ed25519) takes 80 bytes, so that 512 KiB hold 6,553 of them at most.
JWK_SET_LIMITS: Final = JSONLimits(members=64, containers=8192, values=16384, fractions=128)

# Authorization server metadata (RFC 8414): some 60 members, some 600 values in Keycloak's.
DOCUMENT_LIMITS: Final = JSONLimits(members=512, containers=256, values=2048, fractions=128)

_STRUCTURE: Final = b"{[:,"
_NOT_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in _STRUCTURE)

# All digits become zeros, so that a run of them can be searched for.
_SHAPES: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * (_MAX_DIGITS + 1)

_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def exceeds(data: bytes, limits: JSONLimits) -> str | None:
    """The phrase for a limit that the document exceeds; None if it exceeds none.

    Hot path (benchmark case `new token`): brackets and digits inside strings are counted along at
    first, which is too many. Only where that is more than a limit, strings are left out.
    """
    structure = data.translate(None, _NOT_STRUCTURE)
    if (
        len(structure) <= limits._least
        and structure.count(b"[") + structure.count(b"{") <= MAX_JSON_DEPTH
        and _LONG_NUMBER not in data.translate(_SHAPES)
    ):
        return None
    return _exceeds_exactly(data, limits)


def _exceeds_exactly(data: bytes, limits: JSONLimits) -> str | None:
    # Escapes exist only in strings. Once those of backslash and quote are gone, each quote opens
    # or closes a string, and every second piece lies outside of one.
    backslashes = 0
    if b"\\" in data:
        backslashes = min(data.count(b"\\"), _MOST_BACKSLASHES)
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Each string is a name or a value.
    most = 2 * (limits.members + limits.values)
    pieces = data.split(b'"', most + 1)
    if len(pieces) > most + 1:
        return "too many values"
    outside = b"".join(pieces[::2])
    members, objects = outside.count(b":"), outside.count(b"{")
    containers = objects + outside.count(b"[")
    if members > limits.members:
        return "too many members"
    if containers > limits.containers:
        return "too many objects and arrays"
    # A value has a comma before it, or the bracket of its object or array.
    values = containers + outside.count(b",")
    if values > limits.values:
        return "too many values"
    together = 4 * (objects + containers) + 3 * backslashes + 2 * members + values
    if limits.together is not None and together > limits.together:
        return "too much in it together"
    if _LONG_NUMBER in outside.translate(_SHAPES):
        return "a number is too long"
    # The words `true` and `false` have an e each.
    letters = outside.count(b"e") + outside.count(b"E")
    exponents = letters - outside.count(b"true") - outside.count(b"false")
    if outside.count(b".") + exponents > limits.fractions:
        return "too many fractions"
    if containers > MAX_JSON_DEPTH and _is_deep(outside):
        return "nested too deeply"
    return None


def _is_deep(outside: bytes) -> bool:
    brackets = outside.translate(_BRACKETS, _NOT_BRACKETS)
    # More are not opened and closed before the first error.
    brackets = brackets[: 2 * brackets.count(b"[")]
    # Each round takes the innermost level away.
    for _ in range(MAX_JSON_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    return b"[" in brackets
