"""Marks of JWTs that are not access tokens, of all providers (RFC 8725, section 3.12).

They are claims that ID, refresh, offline, logout, reset, JARM, introspection and security event
tokens have, each with the form that makes it a mark. It knows no JOSE headers, nor which of the
claims a provider's own access tokens have too.

A mark is judged by its value where access tokens have a claim of that name as well. There, a value
that is not a string is a mark: nobody is known to write one, and what cannot be read refuses.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["MARKS", "UNCERTAIN_KINDS", "Judgement"]

Judgement = Callable[[str, Mapping[str, Any]], str | None]
"""Of a claim's name and all claims.

The kind that the claim is a mark of, or None.
"""

_ID_TOKEN: Final = "an ID token"
_REFRESH_TOKEN: Final = "a refresh token"
_LOGOUT_TOKEN: Final = "a logout token"
_RESET_TOKEN: Final = "a token for resetting a password or confirming an address"
_UNKNOWN: Final = "a token of a kind that cannot be read"
_ANOTHER: Final = "a token of another kind"

#: The kinds of a value that nobody is known to write.
UNCERTAIN_KINDS: Final = frozenset({_UNKNOWN, _ANOTHER})

# Keycloak writes Bearer or DPoP; the others are what APIs that sign their own tokens write. An
# allow-list, because Keycloak's action tokens have the name of the action here, and new ones come.
_ACCESS_TYPES: Final = frozenset({"bearer", "dpop", "access", "access_token", "jwt", "at+jwt"})

# A value of one of the claims that name a kind, in lower case, without `-`, `_` and "token".
_KINDS: Final[Mapping[str, str]] = {
    "id": _ID_TOKEN,  # PingAM, Casdoor, Curity
    "it": _ID_TOKEN,  # Oracle
    "refresh": _REFRESH_TOKEN,  # SimpleJWT, flask-jwt-extended, PingAM, Casdoor
    "rt": _REFRESH_TOKEN,
    "dsr": _REFRESH_TOKEN,  # Descope
    "offline": _REFRESH_TOKEN,
    "logout": _LOGOUT_TOKEN,
    "introspection": "an introspection response",
    "reset": _RESET_TOKEN,
    "resetpassword": _RESET_TOKEN,
    "passwordreset": _RESET_TOKEN,
    "verifyemail": _RESET_TOKEN,
    "emailverification": _RESET_TOKEN,
}
_SEPARATORS: Final = str.maketrans("", "", "-_ ")


def _hash_of_an_id_token(_name: str, _claims: Mapping[str, Any]) -> str | None:
    # OpenID Connect Core, sections 3.1.3.6 and 3.3.2.11; FAPI 1.0 part 2 for s_hash.
    return _ID_TOKEN


def _security_event(name: str, claims: Mapping[str, Any]) -> str | None:
    # RFC 8417, section 2.2: an object. Apple sends the same as a string. An array is a claim of
    # somebody's own.
    is_event = isinstance(claims[name], dict | str)
    return "a logout token or another security event" if is_event else None


def _claim_typ(name: str, claims: Mapping[str, Any]) -> str | None:
    value = claims[name]
    if not isinstance(value, str):
        return _UNKNOWN
    spelled = value.lower()
    return None if spelled in _ACCESS_TYPES else _KINDS.get(_word(spelled), _ANOTHER)


def _token_use(name: str, claims: Mapping[str, Any]) -> str | None:
    value = claims[name]
    if value == "access":
        return None
    return _KINDS.get(_word(value), _ANOTHER) if isinstance(value, str) else _UNKNOWN


def _named_kind(name: str, claims: Mapping[str, Any]) -> str | None:
    value = claims[name]
    return _KINDS.get(_word(value)) if isinstance(value, str) else _UNKNOWN


def _purpose(name: str, claims: Mapping[str, Any]) -> str | None:
    # Curity writes access_token and id. An array is somebody's own claim, such as of consents.
    value = claims[name]
    return _KINDS.get(_word(value)) if isinstance(value, str) else None


def _word(value: str) -> str:
    """The kind in a value such as refresh_token, or urn:ietf:params:oauth:token-type:id_token."""
    word = value.rpartition(":")[2].lower().translate(_SEPARATORS)
    return word.removesuffix("token")


def _nonce_without_grant(name: str, claims: Mapping[str, Any]) -> str | None:
    # Some providers copy the nonce into access tokens; those say what they grant. A client proves
    # nothing: the ID tokens of Spring, Google and Twitch have an azp, those of ZITADEL a client_id.
    if claims[name] in ("", None) or _grants(claims.get("scope")) or _grants(claims.get("scp")):
        return None
    return _ID_TOKEN


def _grants(value: object) -> bool:
    return isinstance(value, str | list) and len(value) > 0


def _granted_scopes_alone(_name: str, claims: Mapping[str, Any]) -> str | None:
    return None if "scope" in claims else _REFRESH_TOKEN  # UAA


def _authorization_response(_name: str, claims: Mapping[str, Any]) -> str | None:
    # JARM, section 2.1.
    return None if "sub" in claims else "an authorization response"


def _only_in_id_tokens(_name: str, _claims: Mapping[str, Any]) -> str | None:
    return _ID_TOKEN  # Janssen, Gluu


def _only_in_refresh_tokens(_name: str, _claims: Mapping[str, Any]) -> str | None:
    return _REFRESH_TOKEN  # Gravitee Access Management


def _said_to_refresh(name: str, claims: Mapping[str, Any]) -> str | None:
    # Of APIs that sign their own tokens, by courses on FastAPI; their access tokens have False.
    return _REFRESH_TOKEN if claims[name] is True else None


def _introspection_response(_name: str, _claims: Mapping[str, Any]) -> str | None:
    return "an introspection response"  # RFC 9701, section 5


#: The claim, and what makes it a mark. A mark has the name of its claim.
MARKS: Final[Mapping[str, Judgement]] = {
    "at_hash": _hash_of_an_id_token,
    "c_hash": _hash_of_an_id_token,
    "s_hash": _hash_of_an_id_token,
    "events": _security_event,
    "typ": _claim_typ,
    "token_use": _token_use,
    "token_type": _named_kind,
    "tokenType": _named_kind,
    "TokenType": _named_kind,
    "tokenName": _named_kind,
    "tok_type": _named_kind,
    "type": _named_kind,
    "drn": _named_kind,
    "purpose": _purpose,
    "mode": _purpose,
    "refresh": _said_to_refresh,
    "is_refresh": _said_to_refresh,
    "granted_scopes": _granted_scopes_alone,
    "code": _authorization_response,
    "error": _authorization_response,
    "token_introspection": _introspection_response,
    "jansOpenIDConnectVersion": _only_in_id_tokens,
    "oxOpenIDConnectVersion": _only_in_id_tokens,
    "orig_resources": _only_in_refresh_tokens,
    "nonce": _nonce_without_grant,
}
