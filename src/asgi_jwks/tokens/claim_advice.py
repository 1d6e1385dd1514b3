"""Advice on claims: issuer, presence, form, time; one function per Reason.

A value of the token is shown whole, escaped, and called unverified where nobody has judged the
signature; such a value is never part of the text to write.
"""

from typing import Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.errors import Advice, Reason
from asgi_jwks.events.hint import Hint
from asgi_jwks.tokens.audience_advice import advice_on_owner, of_provider
from asgi_jwks.tokens.console_advice import other_issuers
from asgi_jwks.tokens.kind_advice import advice_on_kind, asking_remark, other_kind
from asgi_jwks.tokens.refused_token import RefusedToken, listing

__all__ = ["on_expiry", "on_future", "on_invalid_claim", "on_issuer", "on_missing_claim"]


# AD FS: the identifier of the federation service.
_OF_AD_FS: Final = "/adfs/services/trust"


def on_issuer(token: RefusedToken) -> Advice:
    """An issuer that is not trusted, and the one that was perhaps meant."""
    found = token.claim("iss")
    name = found if isinstance(found, str) else ""
    custom = token.issuers.custom_of(name)
    if custom is not None:
        return Advice(
            Hint.ISSUER,
            lambda: (
                f"the token's iss is {token.said(name)}, and configured is {quoted(custom)}: it is "
                "of Okta's org authorization server, for Okta alone; have clients ask at the "
                f"custom one, under {quoted(custom + '/v1')}."
            ),
        )
    owner = of_provider(token)
    if owner is not None:
        return advice_on_owner(token, owner)
    if name.endswith(_OF_AD_FS):
        return Advice(
            Hint.ISSUER,
            lambda: (
                f"the token's iss is {token.said(name)}, and trusted is "
                f"{listing(token.issuers.all)}: access tokens of AD FS have another issuer than "
                "its metadata; write ad_fs(...) of asgi_jwks.providers."
            ),
        )
    meant = token.issuers.meant_by(name)
    if meant is None:
        known = other_issuers(None if token.rules is None else token.rules.issuer)
        remark = "" if known is None else f" ({known})"
        return Advice(
            Hint.ISSUER,
            lambda: (
                f"the token's iss is {token.said(name)}, and trusted is "
                f"{listing(token.issuers.all)}: the client got it from another tenant, environment "
                f"or domain, or issuer= is wrong{remark}."
            ),
        )
    hint, configured = meant

    def both() -> str:
        return f"the token's iss is {token.said(name)}, and configured is {quoted(configured)}"

    if hint is Hint.ENTRA_VERSION:
        return Advice(
            hint,
            lambda: (
                f"{both()}, the same tenant with the other version of its tokens: write "
                'version="v1" or version="v2" in entra_id(...), or set '
                "requestedAccessTokenVersion in the API's manifest."
            ),
        )
    if hint is Hint.TENANT_NAME:
        return Advice(
            hint,
            lambda: (
                f"{both()}, with the tenant's name in the place of its id: write the "
                '"Tenant ID" of the overview in the Entra admin center.'
            ),
        )
    written = f"write issuer={quoted(name)}" if token.is_signed else "write issuer= as they have it"
    return Advice(
        hint,
        lambda: (
            f"{both()}; they must be equal to the last character (slash at the end, scheme, "
            f"case): if it is your provider's, {written}."
        ),
    )


def on_missing_claim(token: RefusedToken) -> Advice:
    """A claim that is not there; the detail is its name."""
    name = token.detail or ""
    if name == "iss":
        return Advice(
            Hint.NO_ISSUER,
            lambda: (
                "the token has no iss, so that nobody can be trusted for it: have your provider, "
                "or whatever signs the tokens, write its name into iss and give it as issuer=."
            ),
        )
    kind = other_kind(token)
    if kind is not None:
        return advice_on_kind(
            token, kind, lambda: f"the token has no {printable(name)}; by its claims it is {kind}"
        )
    if token.rules is not None and name == token.rules.audience_claim == "azp":
        return Advice(
            Hint.NO_AUDIENCE,
            lambda: (
                "the token has no azp, since Clerk was sent no Origin: give the session token an "
                'aud under "Sessions" of its dashboard and write audience=..., or write '
                "insecure_no_audience=True (sessions of every frontend pass then)."
            ),
        )
    if token.rules is not None and name == token.rules.audience_claim:
        remark = asking_remark(token)
        preset = "its preset" if remark else "the provider's preset of asgi_jwks.providers"
        return Advice(
            Hint.NO_AUDIENCE,
            lambda: (
                f"the token has no {name}, which names the API: have the client ask for this API"
                f"{remark}, or use {preset}, "
                'audience_claim="client_id" (Cognito), or insecure_no_audience=True (tokens for '
                "other APIs pass then)."
            ),
        )
    return Advice(
        Hint.MISSING_CLAIM,
        lambda: (
            f"the token lacks the claim {printable(name)}: have the provider write it"
            + ("." if name == "exp" else ", or leave it out of required_claims or the profile.")
        ),
    )


def on_invalid_claim(token: RefusedToken) -> Advice:
    """A claim of the wrong form; the detail says which."""
    return Advice(
        Hint.INVALID_CLAIM,
        lambda: (
            f"a claim of the token is of the wrong form ({printable(token.detail or '')}), as RFC "
            "7519 does not allow it: it is for whatever signs the tokens to write it rightly, "
            "times as numbers of seconds, not milliseconds or text."
        ),
    )


def on_expiry(token: RefusedToken) -> Advice:
    """A token that has expired."""
    when = "has expired since it was accepted"
    if token.claims is not None:
        when = f"expired {token.seconds_since('exp'):.0f} s ago{token.unverified}"
    return Advice(
        Hint.EXPIRED,
        lambda: (
            f"the token {when}: have the client get a new one in time, and if all tokens end so, "
            f"check the clock of this machine{_clocks(token)}."
        ),
    )


def on_future(token: RefusedToken) -> Advice:
    """A token whose time has not come: two clocks differ."""
    claim = "nbf" if token.reason is Reason.NOT_YET_VALID else "iat"
    return Advice(
        Hint.CLOCK,
        lambda: (
            f"the token's {claim} is {-token.seconds_since(claim):.0f} s in the future"
            f"{token.unverified}: check the clock of this machine (NTP), then that of the issuer"
            f"{_clocks(token)}; leeway= is for seconds."
        ),
    )


def _clocks(token: RefusedToken) -> str:
    difference = "" if token.keys is None else token.keys.clock
    return difference and f" ({difference})"
