"""Cloud Foundry UAA, and SAP XSUAA, which is built on it."""

from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer, require_label
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, ClaimIsList, HasClaim, NoClaim

__all__ = ["uaa", "xsuaa"]

# Every kind of its tokens has client_id, and its ID token has a scope and azp too; only access
# tokens have a list of scopes and azp without the claims of somebody who signed in. The refresh
# token never has azp; it says granted_scopes, which older versions called scope as well.
_KIND: Final = KindRule(
    proof=AllOf(
        ClaimIsList("scope"),
        HasClaim("azp"),
        *(NoClaim(name) for name in ("email_verified", "amr", "acr")),
    )
)
_GRANTS: Final = GrantClaims(
    roles=(), groups=(), permissions=("authorities",), client=("client_id", "cid", "azp")
)


def uaa(
    url: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Cloud Foundry UAA.

    An access token has an array `scope` and `azp`, which refresh tokens do not have, and none of
    email_verified, amr and acr, which ID tokens have. Its `authorities`, of a client without a
    user, are permissions here.

    Args:
        url: where UAA is: "https://uaa.example.com"; tokens have it with /oauth/token in `iss`.
        audience: what stands before the dot in the scopes of this API, or a client's ID.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the URL is the issuer already, or an option is wrong.

    Sources: Cloud Foundry UAA, UaaTokenServices.java, RefreshTokenCreator.java, IdToken.java.
    """
    base = require_issuer("url", url, example="https://uaa.example.com")
    before, in_url, _ = base.partition("/oauth/token")
    if in_url or base.endswith("/"):
        raise ConfigurationError(
            f"url is UAA's own address; got {url!r}. Write {before.rstrip('/')!r}."
        )
    preset = Preset(
        provider="uaa",
        issuer=f"{base}/oauth/token",
        audience=names("audience", audience, example="orders"),
        jwks_uri=f"{base}/token_keys",
        kind=_KIND,
        grant_claims=_GRANTS,
    )
    return trusted(preset, options)


def xsuaa(
    *, subdomain: str, region: str, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """SAP Authorization and Trust Management (XSUAA); see `uaa`.

    Args:
        subdomain: of the subaccount: "example".
        region: of the landscape: "eu10".
        audience: the xsappname, such as "orders!t1234", or the client ID "sb-orders!t1234".
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: a name has a domain in it, or an option is wrong.

    Sources: as for `uaa`; SAP, TokenClaims.java.
    """
    name = require_label("subdomain", subdomain, example="example")
    landscape = require_label("region", region, example="eu10")
    host = f"{name}.authentication.{landscape}.hana.ondemand.com"
    preset = Preset(
        provider="xsuaa",
        issuer=f"https://{host}/oauth/token",
        audience=names("audience", audience, example="orders!t1234"),
        jwks_uri=f"https://{host}/token_keys",
        kind=_KIND,
        grant_claims=_GRANTS,
        notes=(
            "Subscribers of a multitenant application have an issuer each, with their subdomain.",
        ),
    )
    return trusted(preset, options)
