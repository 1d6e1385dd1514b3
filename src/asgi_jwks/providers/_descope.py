"""Descope: session tokens of users and access keys."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks._options import require_text
from asgi_jwks.providers.console_words import require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIs

__all__ = ["descope"]


def descope(
    project_id: str,
    *,
    issuer: str | None = None,
    audience: str | Iterable[str] | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Descope, whose session token does not say for which API it is.

    A session token has `drn` DS; a refresh token has DSR. Without an `aud`, written by a JWT
    template, `insecure_no_audience=True` has to be said: every session of this project is
    accepted.

    Args:
        project_id: of the project: "P2abc...".
        issuer: `iss`, where it is not https://api.descope.com/PROJECT: the bare project ID of older
            projects, or an address of your own.
        audience: what the JWT template writes into `aud`.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: neither `audience` nor `insecure_no_audience=True` is given, or an
            option is wrong.

    Sources: Descope docs, "Session Overview"; Descope's Go SDK for DSR.
    """
    project = require_name("project_id", project_id, example="P2abcDEF")
    base = f"https://api.descope.com/{project}"
    preset = Preset(
        provider="descope",
        issuer=base if issuer is None else require_text("issuer", issuer, example=base),
        audience=()
        if audience is None
        else names("audience", audience, example="https://api.example.com"),
        jwks_uri=f"{base}/.well-known/jwks.json",
        kind=KindRule(proof=ClaimIs("drn", "DS")),
        grant_claims=GrantClaims(client=()),
        notes=("Roles and permissions within a tenant are in the object tenants, not read here.",),
    )
    return trusted(preset, options)
