"""The parts of a requirement, checked where they are written and put together by `&`.

A part that nobody could meet is a mistake of configuration, and so is one that demands nothing.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypedDict, get_args

from asgi_jwks._options import require_callable, require_names, require_whole_number
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.claim_rules import BindingKind
from asgi_jwks.tokens.grant_claims import GrantClaim

__all__ = [
    "Claims",
    "Condition",
    "Names",
    "RequirementOptions",
    "acr_parts",
    "any_of_parts",
    "binding_parts",
    "claim_parts",
    "condition_parts",
    "in_both",
    "max_age_part",
    "scope_parts",
    "some_names",
    "stricter",
    "words",
]

Names = str | Iterable[str]
"""One name, or several."""

Claims = Mapping[str | tuple[str, ...], Names]
"""Claims by their path, and the values that each must be or contain."""

Condition = Callable[[AccessToken], bool | Awaitable[bool]]
"""A caller's own rule: True meets it, False is a 403.

Anything else is an error.
"""


class RequirementOptions(TypedDict, total=False):
    """The parts of a requirement besides its scopes."""

    any_of: Names | None
    """at least one of these scopes"""
    permissions: Names | None
    """all of these must be among the token's permissions, such as Auth0's"""
    roles: Names | None
    """all of these must be among the token's roles"""
    claims: Claims | None
    """strings that claims must be or contain: `{"realm_access.roles": "admin"}`; a claim is named
    by its path, or by `("https://example.com/roles",)` where a name itself has dots or slashes"""
    issuer: Names | None
    """the issuers whose tokens will do, where several are trusted"""
    acr: Names | None
    """the authentication contexts of which one will do (RFC 9470): the `acr` of the token"""
    max_age: int | None
    """how many seconds ago the user may have logged in: the `auth_time` of the token"""
    binding: BindingKind | None
    """`"dpop"` or `"certificate"`: the key of its client that the token must be bound to"""
    condition: Condition | None
    """a callable, sync or async, that gets the AccessToken and returns True or False"""


# A year; a larger number is one of other units.
_LARGEST_AGE: Final = 366 * 86_400


def scope_parts(scopes: tuple[object, ...]) -> tuple[str, ...]:
    """Scopes that a token can grant, each once."""
    names = tuple(scope for scope in scopes if isinstance(scope, str) and is_scope(scope))
    if len(names) == len(scopes):
        return tuple(dict.fromkeys(names))
    raise ConfigurationError(
        f"scopes must be names without spaces and quotes, one string each; got {scopes!r}. Write "
        'requires("read:messages", "write:messages").'
    )


def any_of_parts(scopes: object) -> tuple[tuple[str, ...], ...]:
    """A group of scopes of which one will do, if any is given."""
    names = some_names("any_of", scopes, "read:messages")
    if all(is_scope(name) for name in names):
        return (names,) if names else ()
    raise ConfigurationError(
        f"any_of must be names without spaces and quotes, one string each; got {scopes!r}. Write "
        'requires(any_of=["read:messages", "write:messages"]).'
    )


def words(option: str, values: object, example: str) -> tuple[str, ...]:
    """Names that stand in a list that is separated by spaces, but are not scopes."""
    names = some_names(option, values, example)
    if all(name.isprintable() and " " not in name for name in names):
        return names
    raise ConfigurationError(
        f"{option} must be names without spaces, one string each; got {values!r}. Write "
        f"requires({option}=[{example!r}])."
    )


def some_names(option: str, values: object, example: str) -> tuple[str, ...]:
    """Names; none only where the option was not given."""
    if values is None:
        return ()
    names = require_names(option, values, example=example)
    if not names:
        # A list that some setting left empty must not open the route.
        raise ConfigurationError(
            f"{option} is empty, which requires nothing. Leave it out, or write for example "
            f"{option}=[{example!r}]."
        )
    return tuple(dict.fromkeys(names))


def claim_parts(claims: object) -> tuple[tuple[GrantClaim, tuple[str, ...]], ...]:
    """Claims and the strings that each must be or contain."""
    if claims is None:
        return ()
    if not isinstance(claims, Mapping) or not claims:
        raise ConfigurationError(
            "claims must be a mapping of claims and the strings that they must be or contain; got "
            f'{claims!r}. Write claims={{"realm_access.roles": "admin"}}, or a condition for '
            "values that are not strings."
        )
    return tuple(
        (GrantClaim(path), some_names("claims", values, "admin")) for path, values in claims.items()
    )


def acr_parts(values: object) -> tuple[str, ...]:
    """Authentication contexts of which one will do, as `acr_values` names them."""
    names = words("acr", values, "urn:example:mfa")
    # They stand in a challenge as scopes do (RFC 9470, section 3).
    if all(is_scope(name) for name in names):
        return names
    raise ConfigurationError(
        f"acr must be ASCII names without spaces and quotes; got {values!r}. Write "
        'requires(acr=["urn:example:mfa"]).'
    )


def max_age_part(seconds: object) -> int | None:
    """How many seconds ago the login may be."""
    if seconds is None:
        return None
    age = require_whole_number("max_age", seconds, least=1)
    if age > _LARGEST_AGE:
        raise ConfigurationError(
            f"max_age is a number of seconds, at most {_LARGEST_AGE}; got {seconds!r}. Write for "
            "example max_age=300."
        )
    return age


def binding_parts(binding: object) -> tuple[BindingKind, ...]:
    """The key that a token must be bound to, if any is named."""
    kinds: tuple[BindingKind, ...] = get_args(BindingKind)
    found = tuple(kind for kind in kinds if binding == kind)
    if found or binding is None:
        return found
    raise ConfigurationError(f'binding must be "dpop" or "certificate"; got {binding!r}.')


def condition_parts(condition: Condition | None) -> tuple[Condition, ...]:
    """The condition, if one is given."""
    if condition is None:
        return ()
    return (require_callable("condition", condition, form="condition(access_token)"),)


def in_both(option: str, first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """The names that two lists have in common, of which one will do.

    An empty list is any name.

    Raises:
        ConfigurationError: there is none, so that nobody could meet both.
    """
    if not first or not second:
        return first or second
    common = tuple(name for name in first if name in second)
    if not common:
        raise ConfigurationError(
            f"no token can meet both {option}={list(first)} and {option}={list(second)}. Name one "
            "in both of the requirements that `&` combines."
        )
    return common


def stricter(first: int | None, second: int | None) -> int | None:
    """The smaller of two numbers, either of which may not be given."""
    return min((age for age in (first, second) if age is not None), default=None)
