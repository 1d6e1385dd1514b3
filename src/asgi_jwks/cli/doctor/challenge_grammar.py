"""The challenges of a WWW-Authenticate field, read by the grammar of RFC 9110, section 11.6.1.

It is a client's reader: strict, so that it finds what other clients stumble over. It knows no HTTP
beyond this field.
"""

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Challenge", "ChallengeError", "challenges"]

# RFC 9110, sections 5.6.2, 5.6.4 and 11.2. In RFC 6750, section 3, values have fewer characters.
_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED: Final = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_PARAMETER: Final = re.compile(rf"({_TOKEN})[ \t]*=[ \t]*({_TOKEN}|{_QUOTED})")
_TOKEN68: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))")
_SCHEME: Final = re.compile(rf"({_TOKEN})(?: +|(?=[ \t]*(?:,|$)))")
_COMMA: Final = re.compile(r"[ \t]*(?:,[ \t]*)+|[ \t]*$")

# A field of 8 KiB is the most that servers and clients agree on.
_LONGEST: Final = 8192


class ChallengeError(Exception):
    """The field is not of the grammar; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: a scheme, in lower case, and its parameters by name, in lower case.

    `repeated` are the names of parameters that are there more than once.
    """

    scheme: str
    parameters: dict[str, str]
    repeated: tuple[str, ...] = ()


def challenges(field: str) -> tuple[Challenge, ...]:
    """The challenges of a field, or of several fields joined by commas.

    Raises:
        ChallengeError: it is not of the grammar.
    """
    if len(field) > _LONGEST:
        raise ChallengeError(f"The field is longer than {_LONGEST} characters.")
    found: list[Challenge] = []
    place = _COMMA.match(field, 0)
    at = 0 if place is None else place.end()
    while at < len(field):
        parameter = _PARAMETER.match(field, at)
        if parameter is not None and found:
            _add(found, parameter)
            at = parameter.end()
        else:
            at = _scheme(field, at, found)
        comma = _COMMA.match(field, at)
        if comma is None:
            raise ChallengeError(f"A comma is missing at character {at + 1}.")
        at = comma.end()
    return tuple(found)


def _scheme(field: str, at: int, found: list[Challenge]) -> int:
    """Read a scheme, and the parameter or token68 behind it; returns where it ends."""
    scheme = _SCHEME.match(field, at)
    if scheme is None:
        raise ChallengeError(f"There is neither a scheme nor a parameter at character {at + 1}.")
    found.append(Challenge(scheme[1].lower(), {}))
    at = scheme.end()
    parameter = _PARAMETER.match(field, at)
    if parameter is not None:
        _add(found, parameter)
        return parameter.end()
    token68 = _TOKEN68.match(field, at)
    return at if token68 is None else token68.end()


def _add(found: list[Challenge], parameter: re.Match[str]) -> None:
    challenge = found[-1]
    name, value = parameter[1].lower(), parameter[2]
    if value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    repeated = challenge.repeated
    if name in challenge.parameters:
        repeated = (*repeated, name)
    found[-1] = Challenge(challenge.scheme, {**challenge.parameters, name: value}, repeated)
