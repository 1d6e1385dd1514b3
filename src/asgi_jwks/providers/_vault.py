"""HashiCorp Vault and OpenBao: identity tokens of a role."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks._options import require_text
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer, require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HasClaim

__all__ = ["openbao", "vault"]


def vault(
    url: str,
    *,
    client_id: str | Iterable[str],
    namespace: str | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Vault's identity tokens, which `vault read identity/oidc/token/ROLE` issues.

    Such a token has `namespace`; ID tokens of Vault as an OpenID provider have another issuer.

    Args:
        url: the api_addr, or what `identity/oidc/config` has as its issuer.
        client_id: of the roles that are accepted; it is the audience.
        namespace: where the identity engine is, but for the root namespace.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the URL has the path of the engine in it, or an option is wrong.

    Sources: Vault docs, "Identity tokens"; OpenBao, a running server.
    """
    base = require_issuer("url", url, example="https://vault.example.com:8200")
    before, in_url, _ = base.partition("/v1/")
    if in_url or base.endswith("/"):
        raise ConfigurationError(
            f"url is Vault's own address; got {url!r}. Write {before.rstrip('/')!r}."
        )
    path = ""
    if namespace is not None:
        for part in require_text("namespace", namespace, example="team").split("/"):
            path += "/" + require_name("namespace", part, example="team")
    issuer = f"{base}/v1{path}/identity/oidc"
    preset = Preset(
        provider="vault",
        issuer=issuer,
        audience=names("client_id", client_id, example="kFQbb3dJRGAX3FlkKXBnX9oQ5p"),
        jwks_uri=f"{issuer}/.well-known/keys",
        kind=KindRule(proof=HasClaim("namespace")),
        grant_claims=GrantClaims(client=()),
        notes=("Groups and metadata are where the role's template writes them.",),
    )
    return trusted(preset, options)


openbao = vault
"""OpenBao, whose identity tokens are those of Vault."""
