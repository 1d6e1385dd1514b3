"""`Requirement`: the needs of a route, as one value."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from asgi_jwks._options import require_callable, require_names
from asgi_jwks.errors import ConfigurationError, InsufficientScope
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.scopes import GrantClaim

__all__ = ["Claims", "Condition", "Names", "Requirement", "is_scope", "requirement"]

Condition = Callable[[AccessToken], bool | Awaitable[bool]]
"""A caller's own rule: True meets it, False is a 403.

Anything else is an error.
"""

Names = str | Iterable[str]
"""One name, or several."""

Claims = Mapping[str | tuple[str, ...], Names]
"""Claims by their path, and the values that each must be or contain."""

# RFC 6749, section 3.3.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """The needs of a route, beyond a valid access token; made by `requires`.

    Attributes:
        scopes: all of these must be granted.
        any_of: at least one of these scopes.
        permissions: all of these must be among the token's permissions.
        roles: all of these must be among the token's roles.
        claims: claims by their path, and the values that each must be or contain.
        issuers: the only issuers whose tokens will do; none means all that are trusted.
        condition: the application's own rule.
    """

    scopes: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    claims: tuple[tuple[GrantClaim, tuple[str, ...]], ...] = ()
    issuers: tuple[str, ...] = ()
    condition: Condition | None = None

    def check(self, token: AccessToken) -> None:
        """Check a token, where the condition, if there is one, is not async.

        Raises:
            InsufficientScope: the token grants too little; it names everything that is needed.
            TypeError: the condition is async, or returned neither True nor False.
        """
        if not self._is_granted(token):
            raise self.refusal()
        if self.condition is not None:
            met = self.condition(token)
            if inspect.isawaitable(met):
                if inspect.iscoroutine(met):
                    met.close()
                raise TypeError(
                    f"the condition {self.condition!r} is async, and `check` cannot wait for it; "
                    "write `await enforce(...)`"
                )
            self._judge(met)

    async def enforce(self, token: AccessToken) -> None:
        """Check a token, where the condition may be async.

        Raises:
            InsufficientScope: the token grants too little; it names everything that is needed.
            TypeError: the condition returned neither True nor False.
        """
        if not self._is_granted(token):
            raise self.refusal()
        if self.condition is not None:
            met = self.condition(token)
            self._judge(await met if inspect.isawaitable(met) else met)

    def refusal(self) -> InsufficientScope:
        """The error for a token that grants too little (RFC 6750, section 3.1)."""
        return InsufficientScope(*dict.fromkeys((*self.scopes, *self.any_of, *self.permissions)))

    def _is_granted(self, token: AccessToken) -> bool:
        granted = token.scopes
        return (
            all(scope in granted for scope in self.scopes)
            and (not self.any_of or any(scope in granted for scope in self.any_of))
            and (not self.permissions or set(self.permissions) <= set(token.permissions))
            and (not self.roles or set(self.roles) <= set(token.roles))
            and all(set(v) <= set(c.names_in(token.claims) or ()) for c, v in self.claims)
            and (not self.issuers or token.issuer in self.issuers)
        )

    def _judge(self, met: object) -> None:
        # A coroutine or a string is truthy: only True itself passes.
        if met is False:
            raise self.refusal()
        if met is not True:
            raise TypeError(
                f"the condition {self.condition!r} must return True or False; got {met!r}"
            )


def requirement(
    *scopes: str,
    any_of: Names | None = None,
    permissions: Names | None = None,
    roles: Names | None = None,
    claims: Claims | None = None,
    issuer: Names | None = None,
    condition: Condition | None = None,
) -> Requirement:
    """A Requirement of checked parts; see its attributes.

    A claim is named by its path: "realm_access.roles", or ("https://example.com/roles",) where a
    name itself has dots or slashes. A string must equal the value, an array must contain it.

    Raises:
        ConfigurationError: nothing is required, or a part is of the wrong form.
    """
    made = Requirement(
        scopes=_scopes(scopes),
        any_of=_any_of(any_of),
        permissions=_words("permissions", permissions, "delete:user"),
        roles=_some("roles", roles, "admin"),
        claims=_claims(claims),
        issuers=_some("issuer", issuer, "https://example.eu.auth0.com/"),
        condition=None
        if condition is None
        else require_callable("condition", condition, form="condition(access_token)"),
    )
    if made == Requirement():
        raise ConfigurationError('requires() requires nothing. Write requires("read:messages").')
    return made


def is_scope(name: str) -> bool:
    """Whether a token can grant a scope of this name: one without spaces and quotes."""
    return _SCOPE.fullmatch(name) is not None


def _scopes(scopes: tuple[object, ...]) -> tuple[str, ...]:
    names = tuple(scope for scope in scopes if isinstance(scope, str) and is_scope(scope))
    if len(names) == len(scopes):
        return names
    raise ConfigurationError(
        f"scopes must be names without spaces and quotes, one string each; got {scopes!r}. Write "
        'requires("read:messages", "write:messages").'
    )


def _any_of(scopes: object) -> tuple[str, ...]:
    names = _some("any_of", scopes, "read:messages")
    if all(is_scope(name) for name in names):
        return names
    raise ConfigurationError(
        f"any_of must be names without spaces and quotes, one string each; got {scopes!r}. Write "
        'requires(any_of=["read:messages", "write:messages"]).'
    )


def _words(option: str, values: object, example: str) -> tuple[str, ...]:
    """Names that stand in a list that is separated by spaces, but are not scopes."""
    names = _some(option, values, example)
    if all(name.isprintable() and " " not in name for name in names):
        return names
    raise ConfigurationError(
        f"{option} must be names without spaces, one string each; got {values!r}. Write "
        f"requires({option}=[{example!r}])."
    )


def _some(option: str, values: object, example: str) -> tuple[str, ...]:
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
    return names


def _claims(claims: object) -> tuple[tuple[GrantClaim, tuple[str, ...]], ...]:
    if claims is None:
        return ()
    if not isinstance(claims, Mapping) or not claims:
        raise ConfigurationError(
            "claims must be a mapping of claims and the strings that they must be or contain; got "
            f'{claims!r}. Write claims={{"realm_access.roles": "admin"}}, or a condition for '
            "values that are not strings."
        )
    return tuple(
        (GrantClaim(path), _some("claims", values, "admin")) for path, values in claims.items()
    )
