"""Clerk: session tokens, and the JWTs of a template."""

import re
from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_domain
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import (
    AllOf,
    AnyOf,
    ClaimIs,
    ClaimStartsWith,
    HasClaim,
    HeaderTypeIs,
    NoClaim,
    Proof,
)

__all__ = ["clerk"]

_ORIGIN: Final = "https://app.example.com"
# RFC 6454, section 6.2, as browsers write it: in lower case, and with no path.
_ORIGIN_FORM: Final = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+")
# Clerk docs, "Session tokens": `sts` is active, or pending until the user has done what the sign-in
# still asks for, such as choosing an organization. Version 1 has no `sts`. Clerk's own SDKs treat
# whoever has a pending session as signed out.
_FINISHED: Final = AnyOf(NoClaim("sts"), ClaimIs("sts", "active"))
_SESSION: Final = AllOf(ClaimStartsWith("sid", "sess_"), _FINISHED)


def clerk(
    domain: str,
    *,
    authorized_parties: str | Iterable[str] | None = None,
    audience: str | Iterable[str] | None = None,
    client_id: str | Iterable[str] | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Clerk, by the words of its dashboard.

    A session token does not say for which API it is. Exactly one of four has to be said:

    - `authorized_parties`: the origins whose frontends may call this API; `azp` must be one. Clerk
      leaves `azp` out where the browser sent no Origin: such a token is refused.
    - `audience`: the `aud` that a JWT template writes.
    - `client_id`: the OAuth applications whose access tokens are accepted, which have to be in the
      format JWT. They have the header `typ` at+jwt; session tokens are refused then.
    - `insecure_no_audience=True`: every session of this Clerk application is accepted, whichever of
      its frontends it belongs to.

    A session token has a `sid` that starts with sess_. While the sign-in is not finished its `sts`
    is pending, and it is refused.

    Args:
        domain: of the Frontend API: "clerk.example.com" or "example-12.clerk.accounts.dev".
        authorized_parties: as above, such as "https://app.example.com".
        audience: as above.
        client_id: as above.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: none of the four is said, or several; or an option is wrong.

    Sources: Clerk docs, "Session tokens"; Clerk's backend SDK, tokens/machine.ts and
    resources/IdPOAuthAccessToken.ts.
    """
    host = require_domain("domain", domain, example="clerk.example.com")
    open_door = options.get("insecure_no_audience") is True
    said = [authorized_parties, audience, client_id, open_door or None]
    if said.count(None) != len(said) - 1:
        raise ConfigurationError(
            "A session token of Clerk does not say for which API it is. Write "
            'authorized_parties=["https://app.example.com"] to accept the sessions of these '
            "frontends alone, audience=... for the aud of a JWT template, client_id=... for access "
            "tokens of an OAuth application, or insecure_no_audience=True to accept every session "
            "of this Clerk application."
        )
    claim = "aud"
    compared: tuple[str, ...] = ()
    proof: Proof = _SESSION
    if authorized_parties is not None:
        claim = "azp"
        compared = names("authorized_parties", authorized_parties, example=_ORIGIN)
        for origin in compared:
            _require_origin(origin)
    elif audience is not None:
        compared = names("audience", audience, example="https://api.example.com")
        # A template's JWT has no sid; what names this API by aud is meant for it.
        proof = AllOf(AnyOf(ClaimStartsWith("sid", "sess_"), HasClaim("jti")), _FINISHED)
    elif client_id is not None:
        claim = "client_id"
        compared = names("client_id", client_id, example="1example23456789")
        proof = HeaderTypeIs("at+jwt")
    issuer = f"https://{host}"
    preset = Preset(
        provider="clerk",
        issuer=issuer,
        audience=compared,
        audience_claim=claim,
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        kind=KindRule(proof=proof),
        grant_claims=GrantClaims(
            roles=("o.rol", "org_role"), permissions=("org_permissions",), client=("client_id",)
        ),
        notes=(
            "The permissions of version 2 of the session token (o.per, fpm) are numbers of bits "
            "beside names of features and are not read.",
        ),
    )
    return trusted(preset, options)


def _require_origin(value: str) -> None:
    if _ORIGIN_FORM.fullmatch(value):
        return
    scheme, _, rest = value.lower().rpartition("://")
    origin = f"{scheme or 'https'}://{rest.partition('/')[0]}"
    raise ConfigurationError(
        "authorized_parties are origins as browsers send them, with the scheme, in lower case and "
        f"without a slash at the end; got {value!r}. Write "
        f"{(origin if _ORIGIN_FORM.fullmatch(origin) else _ORIGIN)!r}."
    )
