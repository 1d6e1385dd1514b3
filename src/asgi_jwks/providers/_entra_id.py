"""Microsoft Entra ID: workforce and external tenants, both versions of its tokens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_tenant_id
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaim, GrantClaims
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, AnyOf, ClaimIs, HasClaim

__all__ = ["entra_external_id", "entra_id", "entra_id_tenants"]


@dataclass(frozen=True, slots=True)
class _OfAnApplication:
    """The claims `oid` and `sub` are equal, as only in an application's own token."""

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        oid = claims.get("oid")
        return isinstance(oid, str) and oid != "" and oid == claims.get("sub")

    def __str__(self) -> str:
        return "equal claims oid and sub"


# Microsoft Entra docs, "Access token claims reference" and "Protected web API: Verify scopes and
# app roles": what a token grants is in scp for users and in roles for applications. ID tokens have
# the user's roles too, and one that an application asks for itself may have azp.
_GRANTS: Final = AnyOf(
    HasClaim("scp"),
    AllOf(HasClaim("roles"), AnyOf(ClaimIs("idtyp", "app"), _OfAnApplication())),
)
_V2: Final = KindRule(proof=AllOf(HasClaim("azp"), _GRANTS))
_V1: Final = KindRule(proof=AllOf(HasClaim("appid"), _GRANTS))
_SCP: Final = (GrantClaim("scp", "separated by spaces"),)
_GRAPH: Final = frozenset({"00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"})
_EXAMPLE: Final = "11112222-bbbb-3333-cccc-4444dddd5555"
_NOTES: Final = (
    "An application's own token is one without scp; the optional claim idtyp says so by name.",
    "A token that grants nothing, without scp and without app roles, is refused.",
)


def entra_id(
    *,
    tenant: str,
    audience: str | Iterable[str],
    version: Literal["v1", "v2"] = "v2",
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """One tenant of Microsoft Entra ID, for tokens of users and of applications.

    An access token has `azp` (v1: `appid`), and `scp`, or the `roles` of an application itself,
    whose `oid` and `sub` are equal or whose `idtyp` is app. The manifest of the API decides which
    version it is, and not the endpoint: requestedAccessTokenVersion is 2, or null for v1.

    Args:
        tenant: the Directory (tenant) ID.
        audience: v2: the Application (client) ID of the API. v1: its Application ID URI, such as
            api://..., or that ID.
        version: "v2" or "v1".
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the tenant is a name, or stands for many such as "common"; the audience
            belongs to the other version, or is Microsoft Graph's; or an option is wrong.

    Sources: Microsoft Entra docs, "Access token claims reference", "ID token claims reference".
    """
    tenant_id = require_tenant_id("tenant", tenant)
    audiences = _audiences(audience)
    if version == "v1":
        preset = Preset(
            provider="entra_id",
            issuer=f"https://sts.windows.net/{tenant_id}/",
            audience=audiences,
            kind=_V1,
            grant_claims=GrantClaims(scopes=_SCP, permissions=(), client=("appid",)),
            notes=_NOTES,
        )
    elif version == "v2":
        preset = Preset(
            provider="entra_id",
            issuer=f"https://login.microsoftonline.com/{tenant_id}/v2.0",
            audience=_require_v2(audiences),
            kind=_V2,
            grant_claims=GrantClaims(scopes=_SCP, permissions=(), client=("azp",)),
            notes=_NOTES,
        )
    else:
        raise ConfigurationError(
            f'version must be "v1" or "v2"; got {version!r}. It is the API\'s: v2 where '
            '"requestedAccessTokenVersion" in its manifest is 2, v1 where it is null or 1.'
        )
    return trusted(preset, options)


def entra_id_tenants(
    tenants: Iterable[str],
    *,
    audience: str | Iterable[str],
    version: Literal["v1", "v2"] = "v2",
    **options: Unpack[PresetOptions],
) -> tuple[ProviderIssuer, ...]:
    """Several tenants of Microsoft Entra ID, each a trusted issuer; see `entra_id`."""
    if isinstance(tenants, str):
        raise ConfigurationError(
            f"tenants must be a list of tenant ids; got {tenants!r}. Write tenants=[...], or "
            "entra_id(tenant=...) for a single one."
        )
    return tuple(
        entra_id(tenant=tenant, audience=audience, version=version, **options)
        for tenant in names("tenants", tenants, example=_EXAMPLE)
    )


def entra_external_id(
    *, tenant: str, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """An external tenant of Microsoft Entra ID (CIAM); its tokens are of version 2.

    Args:
        tenant: the Directory (tenant) ID; tokens have it in the host name too.
        audience: the Application (client) ID of the API.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the tenant is a name, the audience is an App ID URI or is Microsoft
            Graph's, or an option is wrong.

    Sources: as for `entra_id`.
    """
    tenant_id = require_tenant_id("tenant", tenant)
    preset = Preset(
        provider="entra_external_id",
        issuer=f"https://{tenant_id}.ciamlogin.com/{tenant_id}/v2.0",
        audience=_require_v2(_audiences(audience)),
        kind=_V2,
        grant_claims=GrantClaims(scopes=_SCP, permissions=(), client=("azp",)),
        notes=_NOTES,
    )
    return trusted(preset, options)


def _audiences(given: str | Iterable[str]) -> tuple[str, ...]:
    audiences = names("audience", given, example=_EXAMPLE)
    if not _GRAPH.isdisjoint(name.rstrip("/") for name in audiences):
        raise ConfigurationError(
            "Tokens for Microsoft Graph are for Graph alone, and nobody else can verify their "
            "signatures. Have clients ask for a scope of this API, such as "
            f'"api://{_EXAMPLE}/access_as_user", and write audience="{_EXAMPLE}".'
        )
    return audiences


def _require_v2(audiences: tuple[str, ...]) -> tuple[str, ...]:
    for audience in audiences:
        if "://" in audience:
            raise ConfigurationError(
                f"Tokens of version 2 never have an App ID URI in aud; got audience={audience!r}. "
                'Write the "Application (client) ID" of the API, or version="v1" if '
                "requestedAccessTokenVersion in the API's manifest is null or 1."
            )
    return audiences
