"""The token endpoint: client credentials, password and refresh token grants (RFC 6749).

The form of a token request, client authentication, and the error codes of section 5.2. It does not
know keys, JWKS or faults; the provider behind it is a Protocol.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse

from asgi_jwks.testing.provider.accounts import Client, Grant, User
from asgi_jwks.testing.provider.minting import Audience, authority, listed

__all__ = ["GRANT_TYPES", "Authority", "TokenEndpoint"]

GRANT_TYPES: Final = ("client_credentials", "password", "refresh_token")

_NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
_BASIC_CHALLENGE: Final = {"www-authenticate": 'Basic realm="mock issuer"'}

Form = Mapping[str, str]


class _Refused(Exception):
    """An error response of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class Authority(Protocol):
    """The identity provider behind a token endpoint: its accounts, lifetimes and signature."""

    users: dict[str, User]
    clients: dict[str, Client]
    audience: Audience
    client_id: str
    access_lifetime: float
    refresh_lifetime: float
    refresh_tokens: Literal["reusable", "once"]
    clock: Callable[[], float]

    @property
    def issuer(self) -> str:
        """The issuer identifier."""
        ...

    def mint(self, claims: Mapping[str, object], *, lifetime: float) -> str:
        """A token of these claims."""
        ...

    def refresh_token_for(self, grant: Grant) -> str:
        """A new refresh token for a grant."""
        ...

    def granted_by(self, refresh_token: str) -> Grant | None:
        """The grant of a refresh token, or None if it is unknown, revoked or expired."""
        ...

    def revoke(self, refresh_token: str) -> None:
        """End a refresh token."""
        ...


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """`await endpoint(request)` for a POST of a form; always answers, never raises."""

    issuer: Authority

    async def __call__(self, request: Request) -> JSONResponse:
        """Answer one token request."""
        try:
            form = _form(request.headers.get("content-type", ""), await request.body())
            client = self._client(form, request.headers.get("authorization"))
            answer = self._granted(form, client)
        except _Refused as refused:
            body = {"error": refused.error, "error_description": refused.description}
            if refused.error == "invalid_client":
                return JSONResponse(body, 401, _NO_STORE | _BASIC_CHALLENGE)
            return JSONResponse(body, 400, _NO_STORE)
        return JSONResponse(answer, 200, _NO_STORE)

    def _granted(self, form: Form, client: Client | None) -> Mapping[str, object]:
        match _required(form, "grant_type"):
            case "client_credentials":
                return self._client_credentials(form, client)
            case "password":
                return self._password(form, client)
            case "refresh_token":
                return self._refresh_token(form, client)
            case _:
                raise _Refused("unsupported_grant_type", f"use one of {', '.join(GRANT_TYPES)}")

    def _client_credentials(self, form: Form, client: Client | None) -> Mapping[str, object]:
        if client is None or client.secret is None:
            raise _Refused("invalid_client", "this grant needs a client that has a secret")
        claims = {
            "sub": f"{client.client_id}@clients",
            "aud": self._audience(form),
            "azp": client.client_id,
            "gty": "client-credentials",
            **client.claims,
        }
        scopes = _scopes(form, client.scopes)
        return self._answer(Grant(client.client_id, scopes, claims, 0))

    def _password(self, form: Form, client: Client | None) -> Mapping[str, object]:
        user = self.issuer.users.get(_required(form, "username"))
        password = _required(form, "password")
        if user is None or not user.has_password(password):
            raise _Refused("invalid_grant", "the user name or the password is wrong")
        client_id = self.issuer.client_id if client is None else client.client_id
        api = listed(self._audience(form))
        claims = {
            "sub": user.subject,
            "aud": [*api, f"{self.issuer.issuer}userinfo"],
            "azp": client_id,
            "gty": "password",
            **user.claims,
        }
        grant = Grant(
            client_id,
            _scopes(form, user.scopes),
            claims,
            self.issuer.clock() + self.issuer.refresh_lifetime,
        )
        return self._answer(grant, refresh_token=self.issuer.refresh_token_for(grant))

    def _refresh_token(self, form: Form, client: Client | None) -> Mapping[str, object]:
        presented = _required(form, "refresh_token")
        grant = self.issuer.granted_by(presented)
        if grant is None or (client is not None and client.client_id != grant.client_id):
            raise _Refused("invalid_grant", "the refresh token is unknown, used up or expired")
        narrowed = replace(grant, scopes=_scopes(form, grant.scopes))
        if self.issuer.refresh_tokens == "reusable":
            return self._answer(narrowed)
        self.issuer.revoke(presented)
        return self._answer(narrowed, refresh_token=self.issuer.refresh_token_for(grant))

    def _answer(self, grant: Grant, *, refresh_token: str | None = None) -> Mapping[str, object]:
        """The successful response of RFC 6749, section 5.1."""
        lifetime = self.issuer.access_lifetime
        claims = {**grant.claims, **authority(grant.scopes, None)}
        answer: dict[str, object] = {
            "access_token": self.issuer.mint(claims, lifetime=lifetime),
            "token_type": "Bearer",
            # RFC 6749, section 5.1 and appendix A.14: a number of digits alone.
            "expires_in": max(0, int(lifetime)),
            "scope": " ".join(grant.scopes),
        }
        if refresh_token is not None:
            answer["refresh_token"] = refresh_token
        return answer

    def _audience(self, form: Form) -> str | list[str]:
        """The API that the token is for: Auth0's `audience` parameter, or all that there are."""
        if "audience" not in form:
            audience = self.issuer.audience
            return audience if isinstance(audience, str) else list(audience)
        if form["audience"] not in listed(self.issuer.audience):
            raise _Refused("invalid_request", "the audience is not known here")
        return form["audience"]

    def _client(self, form: Form, authorization: str | None) -> Client | None:
        """The authenticated client (RFC 6749, section 2.3), or None if none is named."""
        client_id, secret = form.get("client_id"), form.get("client_secret")
        if authorization is not None:
            if secret is not None:
                raise _Refused("invalid_request", "the client authenticates in two ways; use one")
            client_id, secret = _basic(authorization)
        if client_id is None:
            return None
        client = self.issuer.clients.get(client_id)
        if client is None or not client.has_secret(secret):
            raise _Refused("invalid_client", "the client is unknown or its secret is wrong")
        return client


def _form(content_type: str, body: bytes) -> Form:
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise _Refused("invalid_request", "send a form: application/x-www-form-urlencoded")
    try:
        fields = parse_qsl(body.decode(), max_num_fields=100)
    except ValueError as error:
        raise _Refused("invalid_request", "the form is not valid") from error
    form = dict(fields)
    # RFC 6749, section 3.2: parameters must not be included more than once.
    if len(form) != len(fields):
        raise _Refused("invalid_request", "a parameter is given twice")
    return form


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    try:
        pair = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        pair = ""
    client_id, colon, secret = pair.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _Refused("invalid_client", "the Authorization header is not valid Basic")
    return unquote_plus(client_id), unquote_plus(secret)


def _required(form: Form, name: str) -> str:
    if not form.get(name):
        raise _Refused("invalid_request", f"{name} is missing")
    return form[name]


def _scopes(form: Form, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes asked for, or all that are allowed (RFC 6749, section 3.3)."""
    wanted = tuple(form.get("scope", "").split())
    if not set(wanted) <= set(allowed):
        raise _Refused("invalid_scope", "a scope is asked for that is not allowed")
    return wanted or allowed
