"""AD FS: access tokens of a Web API in an application group."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_domain
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HasClaim

__all__ = ["ad_fs"]

_USER_INFO = "urn:microsoft:userinfo"


def ad_fs(
    domain: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Active Directory Federation Services, since Windows Server 2016.

    Its access tokens have another issuer than its ID tokens and its metadata: the identifier of the
    federation service, which begins with http://. An access token has `appid`.

    Args:
        domain: the federation service name: "adfs.example.com".
        audience: the identifier of the Web API, such as "microsoft:identityserver:..." or
            "https://api.example.com".
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path, the audience is that of UserInfo, or
            an option is wrong.

    Sources: the metadata of AD FS, `issuer` and `access_token_issuer`; Microsoft, MS-OAPX and
    MS-OIDCE.
    """
    host = require_domain("domain", domain, example="adfs.example.com")
    audiences = names("audience", audience, example="https://api.example.com")
    if _USER_INFO in audiences:
        raise ConfigurationError(
            f"{_USER_INFO} is the audience of tokens that were asked for without a resource: it "
            "says nothing of this API. Have clients ask with resource=..., the identifier of the "
            'Web API, and write it here: for example audience="https://api.example.com".'
        )
    preset = Preset(
        provider="ad_fs",
        issuer=f"http://{host}/adfs/services/trust",
        audience=audiences,
        jwks_uri=f"https://{host}/adfs/discovery/keys",
        kind=KindRule(proof=HasClaim("appid")),
        grant_claims=GrantClaims(
            roles=("role", "roles"), groups=("group", "groups"), permissions=(), client=("appid",)
        ),
        notes=(
            "Roles and groups are there where an issuance transform rule of the Web API sends "
            "them.",
        ),
    )
    return trusted(preset, options)
