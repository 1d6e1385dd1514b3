"""A mock issuer in the place of the issuer that an application trusts in production.

It finds the verifier of an application, of its JWTBearerMiddleware or of its FastAPI dependencies.
The one module of this room that imports the rest of the package; a test holds the others to that.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from unittest.mock import patch

from starlette.types import ASGIApp

from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, StaticJWKSet, TrustedIssuer
from asgi_jwks.testing.attacks.attack import Target
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.attacks.run import AttackRunError, target_for
from asgi_jwks.testing.provider.mock_issuer import MockIssuer

__all__ = ["A_FUNCTION_INSTEAD", "StandIn", "public_origin_of", "stand_in", "verifier_of"]

A_FUNCTION_INSTEAD: Final = (
    "Name a function instead that takes a MockIssuer and returns an application that trusts it: "
    "its issuer, audience and http_client() are the options of JWTBearerMiddleware or JWTBearer."
)

# By these attributes middleware leads to the application inside, an application to its routes,
# and a FastAPI route to its dependencies. A framework that has none of them is not looked into.
_LEADS_TO: Final = (
    "app",
    "asgi_app",
    "middleware_stack",
    "router",
    "routes",
    "original_router",
    "include_context",
    "dependant",
    "dependencies",
    "call",
    "dependency",
    "__self__",
    "__closure__",
    "cell_contents",
)

# The objects that are looked at; an application of a thousand routes has some ten thousand.
_MOST_OBJECTS: Final = 200_000

# In the order in which they are looked for in an allow-list.
_SIGNED_WITH: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA")


# The claims that a good token of the corpus has by itself.
_USUAL: Final = frozenset({"iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp"})


@dataclass(frozen=True, slots=True)
class StandIn:
    """A mock issuer with the name, audience and rules of a trusted issuer."""

    target: Target
    _replaced: TrustedIssuer
    _keys: StaticJWKSet

    @contextmanager
    def trusted(self) -> Iterator[Target]:
        """Let the application trust the mock issuer alone while the block runs."""
        with patch.object(self._replaced, "keys", self._keys):
            yield self.target


def verifier_of(app: ASGIApp) -> AccessTokenVerifier:
    """The verifier of an application: of the outermost middleware, or of its dependencies.

    Raises:
        AttackRunError: none is found, or dependencies have several.
    """
    if not callable(app):
        raise AttackRunError(f"{app!r} is not an application: give the ASGI application itself.")
    in_dependencies: list[AccessTokenVerifier] = []
    for found in _inside(app):
        verifier = getattr(found, "verifier", None)
        if not isinstance(verifier, AccessTokenVerifier):
            continue
        if isinstance(found, JWTBearerMiddleware):
            return verifier
        if verifier not in in_dependencies:
            in_dependencies.append(verifier)
    if len(in_dependencies) == 1:
        return in_dependencies[0]
    if in_dependencies:
        raise AttackRunError(
            f"The application has {len(in_dependencies)} JWTBearer dependencies with issuers of "
            f"their own. {A_FUNCTION_INSTEAD}"
        )
    raise AttackRunError(
        "The application has neither a JWTBearerMiddleware nor a JWTBearer dependency with an "
        f"issuer of its own. {A_FUNCTION_INSTEAD}"
    )


def stand_in(
    verifier: AccessTokenVerifier,
    *,
    path: str = "/",
    method: str = "GET",
    claims: Mapping[str, object] | None = None,
) -> StandIn:
    """A mock issuer that can take the place of a verifier's first issuer.

    The rules stay as they are: the mock issuer takes its name and audience from them, and its
    access tokens have what they demand, the marks of the provider's own access tokens included.
    `claims` are those that the application's own checks look for.

    Raises:
        AttackRunError: no issuer is configured, or it is one with a shared secret.
    """
    trusted = next(iter(_issuers_of(verifier)), None)
    if trusted is None:
        raise AttackRunError(
            f"The application has a resolver of issuers and no TrustedIssuer. {A_FUNCTION_INSTEAD}"
        )
    rules = trusted.rules
    algorithm = next((name for name in _SIGNED_WITH if name in rules.algorithms), None)
    if algorithm is None:
        raise AttackRunError(
            f"The application accepts {', '.join(sorted(rules.algorithms))} only; the attacks are "
            "for issuers that sign with a private key."
        )
    issuer = MockIssuer(issuer=rules.issuer, audience=_an_audience(trusted), algorithm=algorithm)
    example = rules.kind.example()
    header = {"typ": "at+jwt"} if rules.profile == "rfc9068" else example.header
    demanded = {**example.claims, **_demanded(trusted)}
    if isinstance(example.claims.get(rules.audience_claim), list):
        demanded[rules.audience_claim] = [_an_audience(trusted)]
    issuer.imitate(claims=demanded, headers=header, without=example.absent)
    target = target_for(
        issuer,
        path=path,
        method=method,
        claims=_with_scopes(demanded, claims or {}),
        header=header,
        marks=example.claims.keys() - _USUAL,
        audience_claim=rules.audience_claim,
        keys=_hostile_keys(),
        public_origin=public_origin_of(verifier),
    )
    return StandIn(target, trusted, StaticJWKSet(issuer.jwk_set()))


def public_origin_of(verifier: AccessTokenVerifier) -> str | None:
    """The public origin of the first issuer, if it takes DPoP proofs."""
    trusted = next(iter(_issuers_of(verifier)), None)
    dpop = None if trusted is None or trusted.binding is None else trusted.binding.dpop
    return None if dpop is None else dpop.public_origins[0]


def _inside(app: ASGIApp) -> Iterator[object]:
    """An application and its parts, the outermost first, each once."""
    waiting: deque[Any] = deque([app])
    seen: dict[int, object] = {}
    while waiting and len(seen) < _MOST_OBJECTS:
        found = waiting.popleft()
        if id(found) in seen:
            continue
        seen[id(found)] = found  # kept, so that no later object has the same id
        if isinstance(found, list | tuple):
            waiting.extend(found)
            continue
        yield found
        if hasattr(found, "build_middleware_stack") and found.middleware_stack is None:
            # Starlette and its descendants build the chain with the first request.
            found.middleware_stack = found.build_middleware_stack()
        waiting.extend(
            inner for name in _LEADS_TO if (inner := getattr(found, name, None)) is not None
        )


def _issuers_of(verifier: AccessTokenVerifier) -> tuple[TrustedIssuer, ...]:
    """The issuers that a verifier is configured with, but for those that it resolves."""
    return tuple(issuer for issuer in verifier.issuers if isinstance(issuer, TrustedIssuer))


@cache
def _hostile_keys() -> HostileKeys:
    """The attacker's keys, once for a whole test suite: they are slow to make."""
    return HostileKeys()


def _demanded(trusted: TrustedIssuer) -> dict[str, object]:
    """Claims that an issuer's rules demand and a good token does not have by itself."""
    rules = trusted.rules
    names = [name for name in rules.required_claims if name not in _USUAL]
    demanded: dict[str, object] = dict.fromkeys(names, "x")
    return demanded | {rules.audience_claim: _an_audience(trusted)}


def _an_audience(trusted: TrustedIssuer) -> str:
    return min(trusted.rules.audiences or {"https://api.example.com"})


def _with_scopes(demanded: Mapping[str, object], claims: Mapping[str, object]) -> dict[str, object]:
    """All claims of a good token; scopes stand where the provider writes them."""
    made = {**demanded, **claims}
    scope = claims.get("scope")
    if isinstance(demanded.get("scope"), list) and isinstance(scope, str):
        made["scope"] = scope.split()
    if "scp" in demanded and scope is not None:
        made["scp"] = made.pop("scope")
    return made
