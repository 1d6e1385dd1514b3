"""`Requirement`: what a route needs of an access token, as one value."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from asgi_jwks._options import require_callable, require_names
from asgi_jwks.errors import ConfigurationError, InsufficientScope
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["Condition", "Requirement", "requirement"]

Condition = Callable[[AccessToken], bool | Awaitable[bool]]
"""A caller's own rule: True meets it, False is a 403. Any other value is the application's error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a route needs of the access token, beyond that it is valid; made by `requirement`.

    Attributes:
        scopes: all of these must be granted.
        any_of: at least one of these scopes.
        permissions: all of these must be among the token's permissions.
        roles: all of these must be among the token's roles.
        claims: claims by their path, and the values that each must be or contain.
        issuer: the only issuers whose tokens will do; none means all that are trusted.
        condition: the application's own rule.
    """

    scopes: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    claims: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    issuer: tuple[str, ...] = ()
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
                    f"the condition {self.condition!r} is async; write `await enforce(token)`"
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
            and all(_has(token.claims, path, values) for path, values in self.claims)
            and (not self.issuer or token.issuer in self.issuer)
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
    any_of: Iterable[str] = (),
    permissions: Iterable[str] = (),
    roles: Iterable[str] = (),
    claims: Mapping[str | tuple[str, ...], str | Iterable[str]] | None = None,
    issuer: str | Iterable[str] = (),
    condition: Condition | None = None,
) -> Requirement:
    """A Requirement of checked parts; see its attributes.

    A claim is named by its path: "realm_access.roles", or ("https://example.com/roles",) where a
    name has dots in it. A string must equal the value, an array must contain it.

    Raises:
        ConfigurationError: nothing is required, or a part is of the wrong form.
    """
    made = Requirement(
        scopes=_names("scopes", scopes),
        any_of=_names("any_of", any_of),
        permissions=_names("permissions", permissions),
        roles=require_names("roles", roles, example="admin"),
        claims=_claims({} if claims is None else claims),
        issuer=require_names("issuer", issuer, example="https://example.eu.auth0.com/"),
        condition=None
        if condition is None
        else require_callable("condition", condition, form="condition(access_token)"),
    )
    if made == Requirement():
        raise ConfigurationError('requires() requires nothing. Write requires("read:messages").')
    return made


def _names(option: str, values: object) -> tuple[str, ...]:
    """Names as they can stand in a challenge (RFC 6749, section 3.3)."""
    names = require_names(option, values, example="read:messages")
    if not all(name.isprintable() and name.isascii() and " " not in name for name in names):
        raise ConfigurationError(
            f"{option} must be names without spaces, one string each; got {names!r}. Write "
            'requires("read:messages", "write:messages").'
        )
    return names


def _claims(claims: object) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    if not isinstance(claims, Mapping):
        raise ConfigurationError(
            "claims must be a mapping of claims and their values; got "
            f'{claims!r}. Write claims={{"realm_access.roles": "admin"}}.'
        )
    return tuple(
        (
            tuple(path.split(".")) if isinstance(path, str) else require_names(
                "claims", path, example="realm_access"
            ),
            require_names("claims", values, example="admin"),
        )
        for path, values in claims.items()
    )


def _has(claims: Mapping[str, Any], path: tuple[str, ...], values: tuple[str, ...]) -> bool:
    found: Any = claims
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return False
        found = found[name]
    if isinstance(found, str):
        return all(value == found for value in values)
    return isinstance(found, list) and all(value in found for value in values)
