"""cidaas: access tokens of an app."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_domain
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, ClaimIsList, HasClaim

__all__ = ["cidaas"]


def cidaas(
    domain: str, *, client_id: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """cidaas, by the words of its admin dashboard.

    An access token has `jti` and an array `scopes`, and the nonce of the sign-in, as its ID token
    does. Only the hashes `at_hash` and `c_hash` of the ID token tell the two apart.

    Args:
        domain: of the instance: "example.cidaas.de", or a custom one.
        client_id: the Client IDs of the apps whose tokens are accepted; they are the audience.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path, or an option is wrong.

    Source: Cidaas/cidaas-sdk-php, tests/AbstractCidaasTestParent.php, an access and an ID token.
    """
    host = require_domain("domain", domain, example="example.cidaas.de")
    preset = Preset(
        provider="cidaas",
        issuer=f"https://{host}",
        audience=names("client_id", client_id, example="my-client-id"),
        kind=KindRule(
            proof=AllOf(ClaimIsList("scopes"), HasClaim("jti")), without=frozenset({"nonce"})
        ),
        grant_claims=GrantClaims(
            scopes=("scopes", "scope"), groups=(), permissions=(), client=("client_id",)
        ),
        notes=(
            "The groups are objects with the roles of each group, and are not read.",
            "The audience is the app, in ID tokens as well, so this API is named by the apps that "
            "it is for.",
        ),
    )
    return trusted(preset, options)
