"""The claims of audience and authority, from the ways in which callers write them."""

from collections.abc import Iterable, Sequence

__all__ = [
    "DEFAULT_CLIENT_ID",
    "DEFAULT_SCOPES",
    "DEFAULT_SUBJECT",
    "Audience",
    "Names",
    "authority",
    "listed",
    "names",
]

Names = str | Iterable[str]
Audience = str | Sequence[str]

DEFAULT_SUBJECT = "auth0|60c7a9f2b1d3e40069f8a2b7"
DEFAULT_CLIENT_ID = "mock-client"
DEFAULT_SCOPES = ("openid", "profile", "email")


def names(value: Names) -> tuple[str, ...]:
    """Names given one by one, or as one string with blanks, as OAuth writes scopes."""
    return tuple(value.split()) if isinstance(value, str) else tuple(value)


def listed(audience: Audience) -> list[str]:
    """The audiences as a list."""
    return [audience] if isinstance(audience, str) else list(audience)


def authority(scopes: Names, permissions: Iterable[str] | None) -> dict[str, object]:
    """The claims of authority: `scope` unless empty, `permissions` if given."""
    claims: dict[str, object] = {}
    if scope := " ".join(names(scopes)):
        claims["scope"] = scope
    if permissions is not None:
        claims["permissions"] = list(permissions)
    return claims
