"""Advice on claims: issuer, audience, kind, time and binding; one function per Reason.

A value of the token is shown whole, escaped, and called unverified where nobody has judged the
signature; such a value is never part of the text to write.
"""

from collections.abc import Callable
from typing import Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.errors import Advice, Reason
from asgi_jwks.events.hint import Hint
from asgi_jwks.tokens.header_rules import ACCESS_TOKEN_TYPE
from asgi_jwks.tokens.issuer_names import likeness
from asgi_jwks.tokens.kind_marks import MARKS
from asgi_jwks.tokens.refused_token import RefusedToken, listing

__all__ = [
    "on_audience",
    "on_expiry",
    "on_future",
    "on_invalid_claim",
    "on_issuer",
    "on_kind",
    "on_missing_claim",
]

# Names that providers' own APIs have in `aud`, and how a client gets a token for this one instead.
_PROVIDERS_OWN: Final = {
    "00000003-0000-0000-c000-000000000000": "Microsoft Graph",
    "https://graph.microsoft.com": "Microsoft Graph",
    "account": "Keycloak's account console",
}


def on_issuer(token: RefusedToken) -> Advice:
    """An issuer that is not trusted, and the one that was perhaps meant."""
    found = token.claim("iss")
    name = found if isinstance(found, str) else ""
    meant = token.issuers.meant_by(name)
    if meant is None:
        return Advice(
            Hint.ISSUER,
            lambda: (
                f"the token's iss is {token.said(name)}, and trusted is "
                f"{listing(token.issuers.all)}: the client got it from another tenant, environment "
                "or domain, or issuer= is wrong."
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


def on_audience(token: RefusedToken) -> Advice:
    """An audience that is not this API."""
    name = "aud" if token.rules is None else token.rules.audience_claim
    configured = () if token.rules is None else tuple(sorted(token.rules.audiences or ()))
    value = token.claim(name)
    found = tuple(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))

    def both() -> str:
        return f"the token's {name} is {token.said(*found)}, and audience is {listing(configured)}"

    kind = _kind(token)
    if kind is not None:
        return _advice_on_kind(kind, lambda: f"{both()}; by its claims it is {kind}")
    likenesses = {likeness(audience): audience for audience in configured}
    near = next((audience for audience in found if likeness(audience) in likenesses), None)
    if near is not None:
        written = f"write audience={quoted(near)}" if token.is_signed else "write it as they do"
        return Advice(
            Hint.AUDIENCE_SPELLING,
            lambda: (
                f"the token's {name} is {token.said(near)}, and audience is "
                f"{quoted(likenesses[likeness(near)])}; they must be equal to the last character "
                f"(slash at the end, scheme, api://, case): if tokens have it so, {written}."
            ),
        )
    if found and set(found) <= _clients(token):
        return Advice(
            Hint.ID_TOKEN,
            lambda: (
                f"{both()}, which is the client's own id, as in ID tokens: have the client send "
                "its access_token, and ask for one for this API."
            ),
        )
    owners = {_owner(audience) for audience in found}
    if found and None not in owners:
        asked = quoted(configured[0]) if configured else "..."
        return Advice(
            Hint.AUDIENCE_OF_PROVIDER,
            lambda: (
                f"{both()}; that is {' and '.join(sorted(map(str, owners)))}: have clients ask for "
                f"this API (Auth0: audience={asked}; Entra ID: a scope of this API; Keycloak: an "
                "audience mapper)."
            ),
        )
    another = "the client asked for a token for another API"
    if token.is_signed and len(found) == 1:
        another += f"; if this API is meant by that name, write audience={quoted(found[0])}"
    return Advice(Hint.AUDIENCE, lambda: f"{both()}: {another}.")


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
    if token.rules is not None and name == token.rules.audience_claim:
        return Advice(
            Hint.NO_AUDIENCE,
            lambda: (
                f"the token has no {name}, which names the API: have the client ask for this API, "
                "or use the provider's preset of asgi_jwks.providers, "
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
            "7519 does not allow it: it is for whatever signs the tokens to write it rightly."
        ),
    )


def on_kind(token: RefusedToken) -> Advice:
    """A token of another kind."""
    kind = _kind(token)
    if kind is not None:
        return _advice_on_kind(kind, lambda: f"by its claims the token is {kind}")
    proof = None if token.rules is None else token.rules.kind.proof
    why = "it is of another kind" if proof is None else f"it lacks {proof}"
    return Advice(
        Hint.OTHER_KIND,
        lambda: (
            f"the token is not an access token of its issuer ({why}): have the client send the "
            "access_token, or state with kind=KindRule(...) how yours are told."
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


def _owner(audience: str) -> str | None:
    """The provider's own API that an audience names, if it names one."""
    if audience.endswith("/userinfo"):
        return "the provider's userinfo endpoint"
    return _PROVIDERS_OWN.get(audience)


def _kind(token: RefusedToken) -> str | None:
    """The other kind of token that this is by its marks, if there is one."""
    header, claims, rules = token.header, token.claims, token.rules
    if claims is None or rules is None or (header and header.type == ACCESS_TOKEN_TYPE):
        return None
    for name in sorted(MARKS.keys() & claims.keys() - rules.kind.without):
        kind = MARKS[name](name, claims)
        if kind is not None:
            return kind
    return None


def _advice_on_kind(kind: str, words: Callable[[], str]) -> Advice:
    hint = Hint.OTHER_KIND
    if "ID token" in kind:
        hint = Hint.ID_TOKEN
    elif "refresh token" in kind:
        hint = Hint.REFRESH_TOKEN
    return Advice(
        hint,
        lambda: f"{words()}: have the client send the access_token, and ask for one for this API.",
    )


def _clients(token: RefusedToken) -> set[object]:
    values = (token.claim(name) for name in ("azp", "client_id", "cid", "appid"))
    return {value for value in values if isinstance(value, str)}
