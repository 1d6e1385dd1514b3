"""Okta: access tokens of a custom authorization server."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_domain, require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, ClaimStartsWith, HasClaim

__all__ = ["okta"]


def okta(
    domain: str,
    *,
    audience: str | Iterable[str] = "api://default",
    authorization_server: str = "default",
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Okta, by the words of its admin console.

    An access token has `cid`, and a `jti` that starts with AT.; that of an ID token starts with ID.

    Args:
        domain: the Okta domain: "example.okta.com", or a custom one.
        audience: the audience of the authorization server.
        authorization_server: its id, the last part of its issuer URI: "default" or "aus...".
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path or is that of the console, or an
            option is wrong.

    Sources: Okta developer docs, "User consent", "Customize tokens", "Step-up authentication".
    """
    host = require_domain("domain", domain, example="example.okta.com")
    label, dot, rest = host.partition(".")
    if label.endswith("-admin") and rest.startswith("okta"):
        raise ConfigurationError(
            f"{domain!r} is the domain of the admin console. Write "
            f"{label.removesuffix('-admin') + dot + rest!r}."
        )
    server = require_name("authorization_server", authorization_server, example="default")
    preset = Preset(
        provider="okta",
        issuer=f"https://{host}/oauth2/{server}",
        audience=names("audience", audience, example="api://default"),
        kind=KindRule(proof=AllOf(HasClaim("cid"), ClaimStartsWith("jti", "AT."))),
        grant_claims=GrantClaims(roles=(), permissions=(), client=("cid",)),
        notes=(
            "Access tokens of the org authorization server, whose issuer has no /oauth2/, are for "
            "Okta alone and cannot be verified by anybody else.",
        ),
    )
    return trusted(preset, options)
