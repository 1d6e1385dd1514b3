"""`Requirement`: the needs of a route, as one value to name, combine and reuse."""

import inspect
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import reduce
from operator import and_
from typing import Any, Final, Unpack

from asgi_jwks._options import require_known
from asgi_jwks.authorization.requirement_parts import (
    Condition,
    RequirementOptions,
    acr_parts,
    any_of_parts,
    binding_parts,
    claim_parts,
    condition_parts,
    in_both,
    max_age_part,
    scope_parts,
    some_names,
    stricter,
    words,
)
from asgi_jwks.authorization.route_binding import require_bindings
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.authorization.step_up import authenticated_as, authenticated_within, step_up
from asgi_jwks.authorization.unmet import unmet_parts
from asgi_jwks.errors import ConfigurationError, InsufficientScope, Unmet
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.claim_rules import BindingKind
from asgi_jwks.tokens.grant_claims import GrantClaim

__all__ = ["Requirement", "ScopesOf", "combined", "granted_scopes_of"]

ScopesOf = Callable[[AccessToken], Collection[str]]
"""The scopes that a token grants, those that others imply included."""


def granted_scopes_of(token: AccessToken) -> Collection[str]:
    """The scopes that a token grants by itself."""
    return token.scopes


@dataclass(frozen=True, slots=True, init=False)
class Requirement:
    """The needs of a route, beyond a valid access token.

        READ = Requirement("orders:read")
        EXPORT = READ & Requirement(permissions="export:orders", acr=["mfa"], max_age=300)

    `a & b` is met by tokens that meet both: all scopes, permissions, roles and claims of either,
    one of each `any_of`, both bindings, the conditions in this order, an issuer and an acr that
    both name, and the smaller `max_age`.

    Args:
        scopes: all of these must be granted.
        options: see RequirementOptions.

    Raises:
        ConfigurationError: nothing is required, a part is of the wrong form, or `&` combines what
            no token could meet.
    """

    scopes: tuple[str, ...]
    any_of: tuple[tuple[str, ...], ...]
    permissions: tuple[str, ...]
    roles: tuple[str, ...]
    claims: tuple[tuple[GrantClaim, tuple[str, ...]], ...]
    issuers: tuple[str, ...]
    acr: tuple[str, ...]
    max_age: int | None
    bindings: tuple[BindingKind, ...]
    conditions: tuple[Condition, ...]

    def __init__(
        self,
        *scopes: str,
        **options: Unpack[RequirementOptions],
    ) -> None:
        require_known(options, RequirementOptions.__annotations__, owner="Requirement")
        _fill(
            self,
            scopes=scope_parts(scopes),
            any_of=any_of_parts(options.get("any_of")),
            permissions=words("permissions", options.get("permissions"), "delete:user"),
            roles=some_names("roles", options.get("roles"), "admin"),
            claims=claim_parts(options.get("claims")),
            issuers=some_names("issuer", options.get("issuer"), "https://example.eu.auth0.com/"),
            acr=acr_parts(options.get("acr")),
            max_age=max_age_part(options.get("max_age")),
            bindings=binding_parts(options.get("binding")),
            conditions=condition_parts(options.get("condition")),
        )
        if not any(getattr(self, part) for part in _PARTS):
            raise ConfigurationError(
                'requires() requires nothing. Write requires("read:messages").'
            )

    def __and__(self, other: "Requirement") -> "Requirement":
        if not isinstance(other, Requirement):
            return NotImplemented
        both = object.__new__(Requirement)
        _fill(
            both,
            issuers=in_both("issuer", self.issuers, other.issuers),
            acr=in_both("acr", self.acr, other.acr),
            max_age=stricter(self.max_age, other.max_age),
            **{
                part: tuple(dict.fromkeys((*getattr(self, part), *getattr(other, part))))
                for part in _UNITED
            },
        )
        return both

    @property
    def named_scopes(self) -> tuple[str, ...]:
        """The scopes that a challenge names, with the permissions, which clients ask for alike."""
        some = (scope for group in self.any_of for scope in group)
        # RFC 6749, section 3.3: a client can ask for those of ASCII alone.
        permissions = filter(is_scope, self.permissions)
        return tuple(dict.fromkeys((*self.scopes, *some, *permissions)))

    def check(
        self,
        token: AccessToken,
        *,
        scopes_of: ScopesOf = granted_scopes_of,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Check a token, where no condition is async.

        Args:
            token: one that was verified.
            scopes_of: the scopes that it grants.
            clock: seconds since the epoch; read only where the age of a login counts.

        Raises:
            InvalidToken: the token is not bound to a key as it has to be.
            InsufficientUserAuthentication: the user must log in in another way, or again.
            InsufficientScope: the token grants too little; it names everything that is needed.
            TypeError: a condition is async, or returned neither True nor False.
        """
        self._check_parts(token, scopes_of, clock)
        for condition in self.conditions:
            met = condition(token)
            if inspect.isawaitable(met):
                if inspect.iscoroutine(met):
                    met.close()
                raise TypeError(
                    f"the condition {condition!r} is async, and `check` cannot wait for it; "
                    "write `await enforce(...)`"
                )
            self._judge(condition, met)

    async def enforce(
        self,
        token: AccessToken,
        *,
        scopes_of: ScopesOf = granted_scopes_of,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Check a token, where conditions may be async; see `check`."""
        self._check_parts(token, scopes_of, clock)
        for condition in self.conditions:
            met = condition(token)
            self._judge(condition, await met if inspect.isawaitable(met) else met)

    def refusal(self, unmet: Iterable[Unmet] = ()) -> InsufficientScope:
        """The error for a token that grants too little (RFC 6750, section 3.1)."""
        refusal = InsufficientScope(*self.named_scopes)
        refusal.unmet = tuple(unmet)
        return refusal

    def _check_parts(
        self, token: AccessToken, scopes_of: ScopesOf, clock: Callable[[], float]
    ) -> None:
        if self.bindings:
            require_bindings(token, self.bindings)
        # First, so that a client that lacks both is told of both at once (RFC 9470, section 3).
        if self.acr or self.max_age is not None:
            self._check_login(token, clock())
        if not self._is_granted(token, scopes_of):
            raise self.refusal(unmet_parts(self, token, scopes_of(token)))

    def _check_login(self, token: AccessToken, now: float) -> None:
        # Claims of a type of the application's own prove nothing here.
        claims = token.claims if isinstance(token.claims, Mapping) else {}
        if (self.acr and not authenticated_as(claims, self.acr)) or (
            self.max_age is not None and not authenticated_within(claims, self.max_age, now=now)
        ):
            raise step_up(
                claims,
                acr_values=self.acr,
                max_age=self.max_age,
                scopes=self.named_scopes,
                now=now,
            )

    def _is_granted(self, token: AccessToken, scopes_of: ScopesOf) -> bool:
        # Hot path (benchmark case `policies`): loops, since each expression has a frame of its own.
        if self.scopes or self.any_of:
            granted = scopes_of(token)
            for scope in self.scopes:
                if scope not in granted:
                    return False
            for group in self.any_of:
                for scope in group:
                    if scope in granted:
                        break
                else:
                    return False
        return (
            (not self.permissions or set(self.permissions) <= set(token.permissions))
            and (not self.roles or set(self.roles) <= set(token.roles))
            and all(set(v) <= set(c.names_in(token.claims) or ()) for c, v in self.claims)
            and (not self.issuers or token.issuer in self.issuers)
        )

    def _judge(self, condition: Condition, met: object) -> None:
        # A coroutine or a string is truthy: only True itself passes.
        if met is False:
            raise self.refusal([Unmet("condition", "")])
        if met is not True:
            raise TypeError(f"the condition {condition!r} must return True or False; got {met!r}")


_PARTS: Final = tuple(part.name for part in fields(Requirement))
_UNITED: Final = ("scopes", "any_of", "permissions", "roles", "claims", "bindings", "conditions")


def _fill(made: Requirement, **parts: object) -> None:
    for part in _PARTS:
        object.__setattr__(made, part, parts[part])


def combined(demands: Iterable[str | Requirement], options: RequirementOptions) -> Requirement:
    """One Requirement of named ones, of scopes, and of the other parts.

    Raises:
        ConfigurationError: nothing is required, or a part is of the wrong form.
    """
    given = list(demands)
    if not {"scope", "scopes"}.isdisjoint(options):
        raise ConfigurationError(
            'scopes are given without a name. Write requires("read:messages", "write:messages").'
        )
    parts = [demand for demand in given if isinstance(demand, Requirement)]
    scopes: list[Any] = [demand for demand in given if not isinstance(demand, Requirement)]
    if scopes or not parts or any(value is not None for value in options.values()):
        parts.append(Requirement(*scopes, **options))
    return reduce(and_, parts)
