"""The application as it is configured for production, trusting a mock issuer for a while.

What lives only here: finding the middleware of an application, and putting a mock issuer of the
same name in the place of its real one. What it does not know: attacks.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from starlette.types import ASGIApp

from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, StaticJWKSet, TrustedIssuer
from asgi_jwks.testing.attacks.attack import Target
from asgi_jwks.testing.attacks.run import AttackRunError, target_for
from asgi_jwks.testing.provider.mock_issuer import MockIssuer

__all__ = ["guard_of", "trusting"]

# Middleware is nested a few deep; a longer chain is a ring.
_LONGEST_CHAIN: Final = 100

# In the order in which they are looked for in an allow-list.
_SIGNED_WITH: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA")


def guard_of(app: ASGIApp) -> JWTBearerMiddleware:
    """The JWTBearerMiddleware of an application: itself, or inside it.

    Raises:
        AttackRunError: none is found.
    """
    inner: Any = app
    for _ in range(_LONGEST_CHAIN):
        if isinstance(inner, JWTBearerMiddleware):
            return inner
        if hasattr(inner, "build_middleware_stack") and inner.middleware_stack is None:
            # Starlette and what is made of it build the chain with the first request.
            inner.middleware_stack = inner.build_middleware_stack()
        inner = getattr(inner, "middleware_stack", None) or getattr(inner, "app", None)
    raise AttackRunError(
        "No JWTBearerMiddleware was found in the application. Name a function instead that takes "
        "a MockIssuer and returns an application that trusts it."
    )


@contextmanager
def trusting(
    guard: JWTBearerMiddleware,
    *,
    path: str = "/",
    method: str = "GET",
    claims: Mapping[str, object] | None = None,
) -> Iterator[Target]:
    """A target in an application whose first trusted issuer is a mock one while the block runs.

    Its rules stay as they are: the mock issuer takes its name and audience from them, and a good
    token has what they demand. `claims` are those that the application's own checks look for.

    Raises:
        AttackRunError: the application trusts no configured issuer, or a shared secret.
    """
    trusted = next(iter(_issuers_of(guard.verifier)), None)
    if trusted is None:
        raise AttackRunError("The application has no TrustedIssuer but only a resolver.")
    rules = trusted.rules
    algorithm = next((name for name in _SIGNED_WITH if name in rules.algorithms), None)
    if algorithm is None:
        raise AttackRunError(
            f"The application accepts {', '.join(sorted(rules.algorithms))} only; the attacks are "
            "for issuers that sign with a private key."
        )
    issuer = MockIssuer(issuer=rules.issuer, audience=min(rules.audiences), algorithm=algorithm)
    target = target_for(
        issuer,
        path=path,
        method=method,
        claims={**_demanded(trusted), **(claims or {})},
        header={"typ": "at+jwt"} if rules.profile == "rfc9068" else {},
    )
    with patch.object(trusted, "keys", StaticJWKSet(issuer.jwk_set())):
        yield target


def _issuers_of(verifier: AccessTokenVerifier) -> tuple[TrustedIssuer, ...]:
    """The issuers that a verifier is configured with, but for those that it resolves."""
    configured = verifier._issuers.configured.values()
    return tuple(issuer for issuer in configured if isinstance(issuer, TrustedIssuer))


def _demanded(trusted: TrustedIssuer) -> dict[str, object]:
    """Claims that an issuer's rules demand and a good token does not have by itself."""
    rules = trusted.rules
    usual = {"iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp"}
    demanded: dict[str, object] = {name: "x" for name in rules.required_claims if name not in usual}
    return demanded | {rules.audience_claim: min(rules.audiences)}
