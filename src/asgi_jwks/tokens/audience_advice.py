"""Advice on the audience of a token that is not for this API.

A value of the token is shown whole, escaped, and called unverified where nobody has judged the
signature; such a value is never part of the text to write.
"""

from typing import Final

from asgi_jwks._printable import quoted
from asgi_jwks.errors import Advice
from asgi_jwks.events.hint import Hint
from asgi_jwks.tokens.console_advice import asking_or
from asgi_jwks.tokens.issuer_names import likeness
from asgi_jwks.tokens.kind_advice import (
    advice_on_kind,
    and_ask,
    asking_remark,
    lacks_proof,
    other_kind,
    proof_of,
)
from asgi_jwks.tokens.refused_token import RefusedToken, listing

__all__ = ["advice_on_owner", "of_provider", "on_audience"]

# Names that providers' own APIs have in `aud`, and how a client gets a token for this one instead.
_PROVIDERS_OWN: Final = {
    "00000003-0000-0000-c000-000000000000": "Microsoft Graph",
    "https://graph.microsoft.com": "Microsoft Graph",
    "urn:microsoft:userinfo": "the userinfo endpoint of AD FS",
    "account": "Keycloak's account console",
}


def on_audience(token: RefusedToken) -> Advice:
    """An audience that is not this API."""
    name = token.audience_claim
    configured = token.audiences
    found = _audiences(token)
    if not found and token.claims is not None:
        return Advice(
            Hint.NO_AUDIENCE,
            lambda: (
                f"the token's {name} is empty: have clients ask for this API "
                f"{_asking(token, 'by its audience')}."
            ),
        )

    def both() -> str:
        return f"the token's {name} is {token.said(*found)}, and audience is {listing(configured)}"

    kind = other_kind(token)
    if kind is not None:
        return advice_on_kind(token, kind, lambda: f"{both()}; by its claims it is {kind}")
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
    if name != "aud":
        return Advice(
            Hint.AUDIENCE,
            lambda: (
                f"{both()}: the token was given to another client; add it if this API is for it "
                "as well."
            ),
        )
    is_access_token = proof_of(token) is not None and not lacks_proof(token)
    if found and set(found) <= _clients(token) and not is_access_token:
        return Advice(
            Hint.ID_TOKEN,
            lambda: (
                f"{both()}, which is the client's own id, as in ID tokens: have the client send "
                f"its access_token{and_ask(token)}."
            ),
        )
    owner = of_provider(token)
    if owner is not None:
        return advice_on_owner(token, owner)
    if lacks_proof(token):
        return Advice(
            Hint.ID_TOKEN,
            lambda: (
                f"{both()}; it lacks {proof_of(token)} of access tokens, and is perhaps an ID "
                f"token: have the client send its access_token{and_ask(token)}."
            ),
        )
    another = f"the client asked for a token for another API{asking_remark(token)}"
    if token.is_signed and len(found) == 1:
        another += f"; if this API is meant by that name, write audience={quoted(found[0])}"
    return Advice(Hint.AUDIENCE, lambda: f"{both()}: {another}.")


def _audiences(token: RefusedToken) -> tuple[str, ...]:
    value = token.claim(token.audience_claim)
    return tuple(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))


def of_provider(token: RefusedToken) -> str | None:
    """The provider's own APIs, if the token is for nothing else."""
    owners = {_owner(audience) for audience in _audiences(token)}
    return None if not owners or None in owners else " and ".join(sorted(map(str, owners)))


def _owner(audience: str) -> str | None:
    """The provider's own API that an audience names, if it names one."""
    if audience.endswith("/userinfo"):
        return "the provider's userinfo endpoint"
    if audience.endswith(".auth0.com/api/v2/"):
        return "Auth0's Management API"
    return _PROVIDERS_OWN.get(audience.rstrip("/"))


def advice_on_owner(token: RefusedToken, owner: str) -> Advice:
    """The advice on a token for the provider's own APIs alone."""
    configured = token.audiences
    name = token.audience_claim
    asked = quoted(configured[0]) if configured else "..."
    return Advice(
        Hint.AUDIENCE_OF_PROVIDER,
        lambda: (
            f"the token's {name} is {token.said(*_audiences(token))}, and audience is "
            f"{listing(configured)}; that is {owner}: have clients ask for this API "
            + _asking(
                token,
                f"Auth0: audience={asked}; Entra ID: a scope of this API; Keycloak: an audience "
                "mapper",
            )
            + "."
        ),
    )


def _asking(token: RefusedToken, otherwise: str) -> str:
    issuer = None if token.rules is None else token.rules.issuer
    return asking_or(issuer, token.audience, otherwise)


def _clients(token: RefusedToken) -> set[object]:
    values = (token.claim(name) for name in ("azp", "client_id", "cid", "appid"))
    return {value for value in values if isinstance(value, str)}
