"""WorkOS: access tokens of Connect, and of AuthKit sessions."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_domain, require_issuer, require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HasClaim

__all__ = ["workos_connect", "workos_session"]


def workos_connect(
    domain: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """WorkOS Connect (OAuth and machine-to-machine applications, MCP).

    An access token has `client_id`; ID tokens do not.

    Args:
        domain: the AuthKit domain: "example.authkit.app", or a custom one.
        audience: the resource that the client asked for, or its client ID.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path, or an option is wrong.

    Source: WorkOS docs, "Access token claims".
    """
    host = require_domain("domain", domain, example="example.authkit.app")
    preset = Preset(
        provider="workos_connect",
        issuer=f"https://{host}",
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=HasClaim("client_id")),
        grant_claims=GrantClaims(client=("client_id",)),
    )
    return trusted(preset, options)


def workos_session(
    client_id: str,
    *,
    issuer: str | None = None,
    audience: str | Iterable[str] | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """WorkOS AuthKit sessions, whose access token does not say for which API it is.

    It has a `sid`. Without an `aud`, written by a JWT template, `insecure_no_audience=True` has to
    be said: every session of this WorkOS environment's client is accepted. The keys are the
    client's own, so no other client's tokens pass.

    Args:
        client_id: the client ID of the environment: "client_...".
        issuer: `iss`, where it is not that of the client: "https://api.workos.com", or that of a
            custom authentication domain.
        audience: what the JWT template writes into `aud`.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: neither `audience` nor `insecure_no_audience=True` is given, or an
            option is wrong.

    Source: WorkOS docs, "Session tokens", which shows both forms of `iss` in its versions.
    """
    client = require_name("client_id", client_id, example="client_01HXYZ")
    own = f"https://api.workos.com/user_management/{client}"
    preset = Preset(
        provider="workos_session",
        issuer=own
        if issuer is None
        else require_issuer("issuer", issuer, example="https://api.workos.com"),
        audience=()
        if audience is None
        else names("audience", audience, example="https://api.example.com"),
        jwks_uri=f"https://api.workos.com/sso/jwks/{client}",
        kind=KindRule(proof=HasClaim("sid")),
        grant_claims=GrantClaims(roles=("roles", "role"), client=()),
    )
    return trusted(preset, options)
