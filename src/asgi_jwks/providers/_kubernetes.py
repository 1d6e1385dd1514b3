"""Kubernetes: bound tokens of service accounts."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, ClaimIsObject, ClaimStartsWith

__all__ = ["kubernetes"]


def kubernetes(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Service accounts of one cluster, by their bound (projected) tokens.

    Such a token has an object `kubernetes.io`, and is of system:serviceaccount:NAMESPACE:NAME. The
    old tokens in Secrets do not expire and are refused.

    Args:
        issuer: the API server's --service-account-issuer.
        audience: of this API, as the projected volume asks for it.
        options: further options of a TrustedIssuer; where the issuer's documents are behind the
            API server, `jwks_uri` and an `http_client` with the cluster's CA.

    Raises:
        ConfigurationError: the issuer is not a URL, or an option is wrong.

    Sources: Kubernetes KEP-1205; Kubernetes docs, "Managing Service Accounts".
    """
    preset = Preset(
        provider="kubernetes",
        issuer=require_issuer(
            "issuer", issuer, example="https://kubernetes.default.svc.cluster.local"
        ),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(
            proof=AllOf(
                ClaimIsObject("kubernetes.io"), ClaimStartsWith("sub", "system:serviceaccount:")
            )
        ),
        grant_claims=GrantClaims(client=()),
        notes=("Every pod of the cluster can ask for any audience: check sub or the namespace.",),
    )
    return trusted(preset, options)
