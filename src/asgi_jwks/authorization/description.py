"""A requirement in words, for the readers of an application's documentation.

Values are the application's own, written by its authors: nothing of a token is here.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from asgi_jwks.authorization.requirement import Requirement

__all__ = ["describe"]


def describe(requirement: Requirement) -> str:
    """The parts of a requirement, separated by semicolons."""
    return "; ".join(_parts(requirement))


def _parts(needed: Requirement) -> Iterator[str]:
    yield from _all("scope", needed.scopes)
    for group in needed.any_of:
        yield f"one of the scopes {', '.join(group)}"
    yield from _all("permission", needed.permissions)
    yield from _all("role", needed.roles)
    for claim, values in needed.claims:
        yield from _all(f"claim {claim}", values)
    if needed.issuers:
        yield f"a token of {' or '.join(needed.issuers)}"
    if needed.acr:
        yield f"a login by {' or '.join(needed.acr)}"
    if needed.max_age is not None:
        yield f"a login at most {needed.max_age} s ago"
    for binding in needed.bindings:
        yield f"a token bound to {_KEYS[binding]}"
    if needed.conditions:
        yield "a condition of the application"


_KEYS: Final[Mapping[str, str]] = {
    "dpop": "the client's DPoP key",
    "certificate": "the client's certificate",
}


def _all(kind: str, names: tuple[str, ...]) -> Iterator[str]:
    if names:
        yield f"the {kind}{'s' if len(names) > 1 and ' ' not in kind else ''} {', '.join(names)}"
