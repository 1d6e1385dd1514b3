"""IBM Cloud App ID: access tokens of users and of applications."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import DEFAULT_HEADER_TYPES, KindRule
from asgi_jwks.tokens.proofs import HasClaim

__all__ = ["ibm_app_id"]

_EXAMPLE = "https://us-south.appid.cloud.ibm.com/oauth/v4/aaaabbbb-0000-cccc-1111-dddd2222eeee"


def ibm_app_id(
    oauth_server_url: str,
    *,
    client_id: str | Iterable[str],
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """IBM Cloud App ID, by the words of an application's credentials.

    An access token has a `scope`, and an identity token never has one. The header `typ` is JWT, or
    JOSE in older documents.

    Args:
        oauth_server_url: the oAuthServerUrl of the credentials, with the tenant in it:
            "https://us-south.appid.cloud.ibm.com/oauth/v4/aaaabbbb-0000-cccc-1111-dddd2222eeee".
        client_id: the clientId of each application whose tokens are accepted; it is the audience.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the URL is not one or is not of version 4, or an option is wrong.

    Source: IBM Cloud App ID docs, "Tokens", "Validating tokens".
    """
    issuer = require_issuer("oauth_server_url", oauth_server_url, example=_EXAMPLE)
    if "/oauth/v4/" not in issuer or issuer.endswith("/"):
        raise ConfigurationError(
            "oauth_server_url is the oAuthServerUrl of the credentials, which has /oauth/v4/ and "
            f"the tenant at its end; got {oauth_server_url!r}. Write for example {_EXAMPLE!r}."
        )
    preset = Preset(
        provider="ibm_app_id",
        issuer=issuer,
        audience=names("client_id", client_id, example="my-client-id"),
        jwks_uri=f"{issuer}/publickeys",
        kind=KindRule(
            proof=HasClaim("scope"), header_types=frozenset({*DEFAULT_HEADER_TYPES, "jose"})
        ),
        grant_claims=GrantClaims(groups=(), permissions=(), client=()),
        notes=(
            "The audience is the application, in identity tokens as well, so this API is named by "
            "the applications that it is for.",
            "Whoever signed in anonymously has a token too: the scope appid_authenticated is "
            "absent then.",
        ),
    )
    return trusted(preset, options)
