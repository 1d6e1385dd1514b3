"""SPIFFE: JWT-SVIDs of the workloads of a trust domain."""

import re
from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks._options import require_text
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimStartsWith

__all__ = ["spiffe"]

# SPIFFE ID, section 2.1: the host of a URI, which may have underscores, and no port.
_TRUST_DOMAIN: Final = re.compile(r"[A-Za-z0-9._-]+")


def spiffe(
    issuer: str,
    *,
    trust_domain: str,
    audience: str | Iterable[str],
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Workloads of one trust domain, by their JWT-SVIDs.

    Such a token has a `sub` that starts with spiffe:// and the trust domain; its header's `typ` may
    be JOSE. The standard says nothing about `iss`; SPIRE writes its `jwt_issuer`.

    Args:
        issuer: SPIRE's jwt_issuer, also the address of its OIDC discovery provider.
        trust_domain: "example.org".
        audience: of this API; "spiffe://example.org/api" is usual.
        options: further options of a TrustedIssuer; `keys` or `jwks_uri` where the bundle is not
            found by discovery.

    Raises:
        ConfigurationError: the trust domain is a URL, or an option is wrong.

    Sources: The JWT-SVID standard, sections 2.3, 3 and 5.2; the SPIFFE ID standard, section 2.1.
    """
    domain = require_text("trust_domain", trust_domain, example="example.org")
    if not _TRUST_DOMAIN.fullmatch(domain):
        name = domain.removeprefix("spiffe://").partition("/")[0]
        raise ConfigurationError(
            "trust_domain is the name alone, without spiffe:// and without a path; got "
            f"{domain!r}. Write {(name if _TRUST_DOMAIN.fullmatch(name) else 'example.org')!r}."
        )
    preset = Preset(
        provider="spiffe",
        issuer=require_issuer("issuer", issuer, example="https://oidc.example.org"),
        audience=names("audience", audience, example="spiffe://example.org/api"),
        # JWT-SVID, section 2.1: ES256 is what SPIRE signs with unless it is told otherwise.
        algorithms=("ES256", "RS256"),
        kind=KindRule(
            proof=ClaimStartsWith("sub", f"spiffe://{domain.lower()}/"),
            header_types=frozenset({None, "jwt", "jose"}),
        ),
        grant_claims=GrantClaims(client=()),
    )
    return trusted(preset, options)
