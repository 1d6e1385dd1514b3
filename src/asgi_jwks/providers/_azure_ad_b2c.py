"""Azure AD B2C: access tokens of a user flow or custom policy."""

from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks._options import require_flag
from asgi_jwks.providers.console_words import require_label, require_name, require_tenant_id
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, HasClaim

__all__ = ["azure_ad_b2c"]

_EVERY_POLICY: Final = (
    "The issuer is that of every policy of the tenant, so a token of another policy for the same "
    "API passes; the claim tfp or acr names the policy."
)


def azure_ad_b2c(
    *,
    tenant_name: str,
    tenant: str,
    policy: str,
    audience: str | Iterable[str],
    issuer_with_policy: bool = False,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Azure AD B2C, by the words of its portal.

    An access token has `azp` and `scp`; ID tokens have neither.

    Args:
        tenant_name: the first label of the domain: "contoso" of contoso.onmicrosoft.com.
        tenant: the Directory (tenant) ID.
        policy: the user flow or policy, such as "B2C_1_signin", whose keys are used.
        audience: the Application (client) ID of the API.
        issuer_with_policy: the token compatibility setting "Issuer (iss) claim" of the user flow is
            the form with /tfp/, so that another policy's tokens are refused.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: a name has a domain in it, the tenant is not an id, or an option is
            wrong.

    Source: Azure AD B2C docs, "Overview of tokens".
    """
    name = require_label("tenant_name", tenant_name, example="contoso")
    tenant_id = require_tenant_id("tenant", tenant)
    flow = require_name("policy", policy, example="B2C_1_signin").lower()
    host = f"https://{name}.b2clogin.com"
    with_policy = require_flag("issuer_with_policy", issuer_with_policy)
    path = f"tfp/{tenant_id}/{flow}" if with_policy else tenant_id
    preset = Preset(
        provider="azure_ad_b2c",
        issuer=f"{host}/{path}/v2.0/",
        audience=names("audience", audience, example="11112222-bbbb-3333-cccc-4444dddd5555"),
        jwks_uri=f"{host}/{name}.onmicrosoft.com/{flow}/discovery/v2.0/keys",
        kind=KindRule(proof=AllOf(HasClaim("azp"), HasClaim("scp"))),
        grant_claims=GrantClaims(permissions=(), client=("azp",)),
        notes=() if with_policy else (_EVERY_POLICY,),
    )
    return trusted(preset, options)
