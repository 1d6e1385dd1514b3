"""ZITADEL: access tokens of the type JWT."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_domain, require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaim, GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, HasClaim, NoClaim

__all__ = ["zitadel"]


def zitadel(
    domain: str,
    *,
    audience: str | Iterable[str],
    project: str | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """ZITADEL, where the application's "Auth Token Type" is JWT.

    An access token has `client_id`, `nbf` and `jti`, and no `azp`; ID tokens have `azp`. Roles are
    the member names of urn:zitadel:iam:org:project:roles, once "Assert Roles on Authentication" is
    on or the client asks for them.

    Args:
        domain: of the instance: "example-abc123.zitadel.cloud", or a custom one.
        audience: the project's ID, or client IDs.
        project: the ID of a project whose roles are read, from the claim that has the ID in it.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path, or an option is wrong.

    Source: zitadel/oidc, pkg/oidc/token.go, pkg/op/signer.go.
    """
    claims = ["urn:zitadel:iam:org:project:roles"]
    if project is not None:
        name = require_name("project", project, example="69234237810729019")
        claims = [f"urn:zitadel:iam:org:project:{name}:roles"]
    host = require_domain("domain", domain, example="example-abc123.zitadel.cloud")
    preset = Preset(
        provider="zitadel",
        issuer=f"https://{host}",
        audience=names("audience", audience, example="69234237810729019"),
        kind=KindRule(
            proof=AllOf(HasClaim("client_id"), HasClaim("nbf"), HasClaim("jti"), NoClaim("azp"))
        ),
        grant_claims=GrantClaims(
            roles=[GrantClaim((claim,), "member names") for claim in claims],
            client=("client_id",),
        ),
    )
    return trusted(preset, options)
