"""Supabase Auth: the access token of a session."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_label
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, HasClaim

__all__ = ["supabase"]


def supabase(
    project: str,
    *,
    audience: str | Iterable[str] = "authenticated",
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Supabase, with its asymmetric signing keys.

    An access token has `session_id` and `role`; ID tokens of its OAuth server have neither. The
    anon and service_role keys of a project have another issuer and are refused.

    Args:
        project: the reference of the project: "abcdefghijklmnopqrst".
        audience: "authenticated".
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the project is a URL, or an option is wrong.

    Source: supabase/auth, internal/tokens/service.go, AccessTokenClaims and IDTokenClaims.
    """
    name = require_label("project", project, example="abcdefghijklmnopqrst")
    issuer = f"https://{name}.supabase.co/auth/v1"
    preset = Preset(
        provider="supabase",
        issuer=issuer,
        audience=names("audience", audience, example="authenticated"),
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        algorithms=("ES256", "RS256"),
        kind=KindRule(proof=AllOf(HasClaim("session_id"), HasClaim("role"))),
        grant_claims=GrantClaims(roles=("role",), client=("client_id",)),
        notes=(
            "Anonymous sign-ins have the audience and role of other users; is_anonymous tells.",
            "The audience is the same for every API of the project.",
        ),
    )
    return trusted(preset, options)
