"""Keycloak: access tokens of a realm, lightweight ones included."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks._options import require_text
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer, require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIs

__all__ = ["keycloak"]


def keycloak(
    url: str,
    *,
    realm: str,
    audience: str | Iterable[str],
    client: str | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Keycloak, by the words of its admin console.

    An access token has a claim `typ` of Bearer or DPoP; ID, refresh, offline, logout and action
    tokens have the name of their kind there. Roles of the realm are read, and with `client` the
    client roles too.

    A realm's tokens have the audience "account" alone until a client scope with an audience mapper
    adds this API. For lightweight access tokens, that mapper and those of roles need "Add to
    lightweight access token".

    Args:
        url: where Keycloak is: "https://sso.example.com", with /auth for old versions.
        realm: the name of the realm.
        audience: the client ID of this API, as the audience mapper adds it.
        client: the client ID whose client roles are roles here.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the URL has the realm in it or ends with a slash, the audience is
            "account", or an option is wrong.

    Sources: Keycloak, TokenUtil.java, AccessToken.java, DefaultActionTokenKey.java; issues 27238
    and 32802 for lightweight tokens.
    """
    base = require_issuer("url", url, example="https://sso.example.com")
    before, in_url, rest = base.partition("/realms/")
    if in_url:
        named = rest.partition("/")[0]
        raise ConfigurationError(
            f"url is Keycloak's own address, without the realm; got {url!r}. Write "
            f"keycloak({before!r}, realm={named!r}, ...)."
        )
    if base.endswith("/"):
        raise ConfigurationError(
            f"url must not end with a slash; got {url!r}. Write {base.rstrip('/')!r}."
        )
    audiences = names("audience", audience, example="my-api")
    if "account" in audiences:
        raise ConfigurationError(
            'Every token of a realm can have the audience "account": it says nothing of this API. '
            'Add an audience mapper with the client ID of this API, and write audience="my-api".'
        )
    roles: list[tuple[str, ...]] = [("realm_access", "roles")]
    if client is not None:
        roles.append(("resource_access", require_text("client", client, example="my-api"), "roles"))
    preset = Preset(
        provider="keycloak",
        issuer=f"{base}/realms/{require_name('realm', realm, example='example')}",
        audience=audiences,
        kind=KindRule(
            proof=ClaimIs("typ", "Bearer", "DPoP"),
            # Until version 24, access tokens had the nonce too.
            without=frozenset({"nonce"}),
        ),
        grant_claims=GrantClaims(roles=roles, client=("azp", "client_id")),
    )
    return trusted(preset, options)
