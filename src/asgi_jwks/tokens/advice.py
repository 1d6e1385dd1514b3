"""Advice for the operator: from a refusal to one sentence that says what to mend.

Pure functions of what is known. `advise` is for tokens that the verifier refuses,
`advise_on_request` for requests that never had one. A sentence is put together only when it is
read; its hint, which is of a closed set, is known at once.
"""

from collections.abc import Callable, Mapping
from typing import Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.errors import Advice, Reason
from asgi_jwks.events.hint import Hint
from asgi_jwks.tokens.audience_advice import on_audience
from asgi_jwks.tokens.claim_advice import (
    on_expiry,
    on_future,
    on_invalid_claim,
    on_issuer,
    on_missing_claim,
)
from asgi_jwks.tokens.console_advice import KNOWN_HEADER_TYPES, asking_or
from asgi_jwks.tokens.key_advice import (
    on_algorithm,
    on_ambiguous_key,
    on_signature,
    on_small_key,
    on_unknown_key,
)
from asgi_jwks.tokens.kind_advice import on_kind
from asgi_jwks.tokens.proof_advice import PROOF_REASONS, on_binding, on_proof
from asgi_jwks.tokens.refused_token import RefusedToken

__all__ = ["advise", "advise_on_request"]

_OPAQUE: Final = (
    "Auth0: {asked}; Okta: a custom authorization server; ZITADEL: the Auth Token Type JWT; Logto: "
    "resource=...; Hydra: strategies.access_token: jwt"
)


def advise(token: RefusedToken) -> Advice:
    """The advice on a token that was refused.

    It does not raise, whatever the token says.
    """
    return _ADVICE.get(token.reason, _on_anything)(token)


def advise_on_request(reason: Reason) -> Advice:
    """The advice on a request that did not come with one well-formed token."""
    hint = Hint.NO_TOKEN if reason is Reason.MISSING_TOKEN else Hint.CREDENTIALS
    return Advice(hint, lambda: _REQUESTS.get(reason, f"{_lower(reason.phrase)}."))


def _on_form(token: RefusedToken) -> Advice:
    if token.parts == 1:
        return Advice(
            Hint.OPAQUE_TOKEN,
            lambda: (
                "the token is opaque, not a JWT, or a placeholder of the client such as undefined; "
                "asking the issuer about opaque tokens is not supported: have clients ask for a "
                f"token for this API {_asking(token, _OPAQUE)}."
            ),
        )
    if token.parts == 5:
        return Advice(
            Hint.ENCRYPTED_TOKEN,
            lambda: (
                "the token is encrypted (a JWE): have clients of Auth0 name this API "
                f"({_asked(token)}); elsewhere turn the encryption of access tokens off "
                "(OpenIddict: DisableAccessTokenEncryption)."
            ),
        )
    return Advice(
        Hint.NOT_A_JWT,
        lambda: (
            "the token is not a well-formed JWT"
            + (f" ({printable(token.detail)})" if token.detail else "")
            + ": have the client send the access_token as it came, after the word Bearer and a "
            "space."
        ),
    )


def _on_header(token: RefusedToken) -> Advice:
    return Advice(
        Hint.HEADER,
        lambda: (
            "the token asks for something that is not supported "
            f"({printable(token.detail or 'in its header')}): have the issuer sign plain JWTs for "
            "this API, neither nested nor compressed, and without critical extensions."
        ),
    )


def _on_type(token: RefusedToken) -> Advice:
    def words() -> str:
        kind = None if token.header is None else token.header.type
        has = "has no typ" if kind is None else f"has the typ {quoted(kind)} (unverified)"
        if token.rules is not None and token.rules.profile == "rfc9068":
            return (
                f'the header of the token {has}, and profile="rfc9068" demands at+jwt: leave the '
                "profile out unless your provider follows RFC 9068."
            )
        known = KNOWN_HEADER_TYPES.get(kind or "")
        if known is not None:
            mend = "" if ":" in known else ": have the client send the access_token"
            return f"the header of the token {has}, that of {known}{mend}."
        types = () if token.rules is None else token.rules.kind.header_types
        accepted = ", ".join(sorted("none" if t is None else t for t in types)) or "another"
        return (
            f"the header of the token {has}, and here an access token has {accepted}: have the "
            "client send the access_token; if your provider writes it so, say it with "
            "kind=KindRule(header_types=...)."
        )

    return Advice(Hint.HEADER_TYPE, words)


def _on_check(_token: RefusedToken) -> Advice:
    return Advice(
        Hint.CHECK,
        lambda: (
            "a check returned False for a token that is valid otherwise: look at the functions in "
            "checks=[...], and at the words of the preset, such as repositories=[...]."
        ),
    )


def _on_anything(token: RefusedToken) -> Advice:
    return advise_on_request(token.reason)


def _asking(token: RefusedToken, otherwise: str) -> str:
    issuer = None if token.rules is None else token.rules.issuer
    return asking_or(issuer, token.audience, otherwise.format(asked=_asked(token)))


def _asked(token: RefusedToken) -> str:
    return "the API's audience" if token.audience is None else f"audience={quoted(token.audience)}"


def _lower(phrase: str) -> str:
    return phrase[:1].lower() + phrase[1:]


_REQUESTS: Final[Mapping[Reason, str]] = {
    Reason.MISSING_TOKEN: (
        "the request has no Bearer token: if the client sends one, look for an Authorization field "
        "without the word Bearer before the token, and for a proxy that takes the field away."
    ),
    Reason.REPEATED_CREDENTIALS: (
        "the request has more than one set of credentials: look for a proxy or a client that adds "
        "an Authorization field to one that is there, or sends a cookie beside it."
    ),
    Reason.INVALID_CREDENTIALS: (
        "the Authorization field is not the word Bearer, a space and one token: look for quotes, "
        "line breaks, a second Bearer or a placeholder in the client."
    ),
    Reason.TOKEN_TOO_LARGE: (
        "the token is longer than max_token_bytes: have the provider write less into it (groups "
        "make tokens long), or raise max_token_bytes of the AccessTokenVerifier."
    ),
}

_ADVICE: Final[Mapping[Reason, Callable[[RefusedToken], Advice]]] = {
    Reason.MALFORMED: _on_form,
    Reason.ALGORITHM_NOT_ALLOWED: on_algorithm,
    Reason.UNSUPPORTED_HEADER: _on_header,
    Reason.WRONG_TYPE: _on_type,
    Reason.UNKNOWN_ISSUER: on_issuer,
    Reason.UNKNOWN_KEY: on_unknown_key,
    Reason.AMBIGUOUS_KEY: on_ambiguous_key,
    Reason.KEY_TOO_SMALL: on_small_key,
    Reason.BAD_SIGNATURE: on_signature,
    Reason.MISSING_CLAIM: on_missing_claim,
    Reason.INVALID_CLAIM: on_invalid_claim,
    Reason.EXPIRED: on_expiry,
    Reason.NOT_YET_VALID: on_future,
    Reason.ISSUED_IN_FUTURE: on_future,
    Reason.WRONG_AUDIENCE: on_audience,
    Reason.NOT_AN_ACCESS_TOKEN: on_kind,
    Reason.SENDER_CONSTRAINED: on_binding,
    **dict.fromkeys(PROOF_REASONS, on_proof),
    Reason.CHECK_FAILED: _on_check,
}
