"""The claims in which an issuer writes grants and the client, and their forms.

It does not know which provider writes what, nor whether a token is valid.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from asgi_jwks.errors import ConfigurationError

__all__ = [
    "DEFAULT_GRANT_CLAIMS",
    "ClaimForm",
    "GrantClaim",
    "GrantClaims",
    "all_strings",
]

ClaimForm = Literal["strings", "separated by spaces", "member names", "objects with a name"]
"""How a claim spells names.

"strings": an array of strings, or one string, which is one name. "separated by spaces": an array of
strings, or one string of several names (RFC 8693, section 4.2). "member names": an object, whose
member names they are (ZITADEL). "objects with a name": an array of objects with a `name` (Casdoor).
"""


_STRING: Final = frozenset({str})
# The value of a nested claim on the way to which there is something else than an object. It is
# not of any form.
_NO_WAY: Final = object()


def all_strings(values: list[Any]) -> bool:
    """Whether every value is a string, as JSON has them. On the hot path."""
    return set(map(type, values)) <= _STRING


def _names(value: object, form: ClaimForm) -> tuple[str, ...] | None:
    names: Iterable[Any] | None = None
    if form == "member names":
        names = value if isinstance(value, Mapping) else None
    elif isinstance(value, list):
        # Elements are never split: "b c" in an array is a name with a space in it.
        names = value
        if form == "objects with a name":
            names = [item.get("name") if isinstance(item, Mapping) else None for item in value]
    elif isinstance(value, str) and form != "objects with a name":
        names = value.split(" ") if form == "separated by spaces" else (value,)
    if names is None:
        return None
    read = list(names)
    return tuple(filter(None, read)) if all_strings(read) else None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


@dataclass(frozen=True, slots=True, init=False)
class GrantClaim:
    """One claim that grants something: where it is, and how it spells names.

    Args:
        path: the name of the claim, or the names on the way to a nested one: both
            "realm_access.roles" and ("realm_access", "roles"). A name that itself has dots or
            slashes is written as a tuple of one: ("https://example.com/roles",).
        form: a `ClaimForm`; "strings" unless another one is given.

    Raises:
        ConfigurationError: the path or the form is not of this kind.
    """

    path: tuple[str, ...]
    form: ClaimForm

    def __init__(self, path: str | tuple[str, ...], form: ClaimForm = "strings") -> None:
        if isinstance(path, str) and "/" in path:
            raise ConfigurationError(
                f"The claim {path!r} could be one name or a path of several. Write "
                f"({path!r},) for a claim of this very name."
            )
        names: object = tuple(path.split(".")) if isinstance(path, str) else path
        if not isinstance(names, tuple) or not names or not all(map(_is_name, names)):
            raise ConfigurationError(
                'A claim is named by a string such as "realm_access.roles", or by a tuple of '
                f"strings that are not empty; got {path!r}."
            )
        if form not in get_args(ClaimForm):
            raise ConfigurationError(
                f"The form of a claim is one of {', '.join(map(repr, get_args(ClaimForm)))}; got "
                f"{form!r}."
            )
        object.__setattr__(self, "path", names)
        object.__setattr__(self, "form", form)

    def value_in(self, claims: Mapping[str, Any]) -> object:
        """The claim's value; None where it, or the way to it, is absent or null."""
        value: object = claims
        for name in self.path:
            if not isinstance(value, Mapping):
                return _NO_WAY
            value = value.get(name)
            if value is None:
                return None
        return value

    def names_in(self, claims: Mapping[str, Any]) -> tuple[str, ...] | None:
        """The names that the claim has, which may be none; None if it is unreadable.

        A claim of which a part cannot be read is not read at all. Empty names are left out.
        """
        value = self.value_in(claims)
        # Casdoor writes null where a user has no roles.
        return () if value is None else _names(value, self.form)

    def __str__(self) -> str:
        return ".".join(self.path)


ClaimLike = GrantClaim | str | tuple[str, ...]


def _claims(
    option: str, claims: Iterable[ClaimLike], form: ClaimForm = "strings"
) -> tuple[GrantClaim, ...]:
    if not isinstance(claims, tuple | list):
        raise ConfigurationError(
            f"{option} must be a tuple of claims, such as "
            f'{option}=("realm_access.roles", ("https://example.com/roles",)); got {claims!r}.'
        )
    return tuple(
        claim if isinstance(claim, GrantClaim) else GrantClaim(claim, form) for claim in claims
    )


def _text_name(claim: GrantClaim) -> str | None:
    is_text = claim.form in {"strings", "separated by spaces"}
    return claim.path[0] if is_text and len(claim.path) == 1 else None


@dataclass(frozen=True, slots=True, init=False)
class GrantClaims:
    """The claims in which the tokens of one issuer state their grants and their client.

    Each argument is a tuple of claims, whose names are united: a GrantClaim, or its path.

    Args:
        scopes: `scope` and `scp`; a string in them is separated by spaces.
        roles: `roles`.
        groups: `groups`.
        permissions: `permissions`.
        client: the claims of which the first that is a string names the client: `client_id` (RFC
            8693, section 4.3), `azp` (Auth0, Keycloak), `cid` (Okta) and `appid` (Entra v1).

    Raises:
        ConfigurationError: an argument is not a tuple of claims.
    """

    scopes: tuple[GrantClaim, ...]
    roles: tuple[GrantClaim, ...]
    groups: tuple[GrantClaim, ...]
    permissions: tuple[GrantClaim, ...]
    client: tuple[GrantClaim, ...]
    granting: tuple[tuple[str | None, GrantClaim], ...] = field(repr=False, compare=False)
    """All but the client.

    Each with its name, where it has one and the claim may be text.
    """

    def __init__(
        self,
        *,
        scopes: Iterable[ClaimLike] = ("scope", "scp"),
        roles: Iterable[ClaimLike] = ("roles",),
        groups: Iterable[ClaimLike] = ("groups",),
        permissions: Iterable[ClaimLike] = ("permissions",),
        client: Iterable[ClaimLike] = ("client_id", "azp", "cid", "appid"),
    ) -> None:
        object.__setattr__(self, "scopes", _claims("scopes", scopes, "separated by spaces"))
        object.__setattr__(self, "roles", _claims("roles", roles))
        object.__setattr__(self, "groups", _claims("groups", groups))
        object.__setattr__(self, "permissions", _claims("permissions", permissions))
        object.__setattr__(self, "client", _claims("client", client))
        granting = (*self.scopes, *self.roles, *self.groups, *self.permissions)
        object.__setattr__(self, "granting", tuple((_text_name(c), c) for c in granting))


#: For issuers without a preset.
DEFAULT_GRANT_CLAIMS: Final = GrantClaims()
