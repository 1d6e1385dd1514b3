"""The authorization endpoint: a user's consent becomes a code (RFC 6749, section 4.1).

PKCE with S256 is demanded (RFC 7636), the redirect URI is compared to the last character, and the
response names its issuer (RFC 9207). It mints nothing.
"""

import secrets
import threading
from typing import Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from asgi_jwks.testing.provider.accounts import Client, Grant, User
from asgi_jwks.testing.provider.authority import Authority
from asgi_jwks.testing.provider.claims import listed
from asgi_jwks.testing.provider.client_metadata import known_client
from asgi_jwks.testing.provider.codes import Authorized
from asgi_jwks.testing.provider.consent_page import consent_page, error_page
from asgi_jwks.testing.provider.forms import Form, form_body
from asgi_jwks.testing.provider.oauth_endpoint import NO_STORE, OAuthEndpoint, Refused

__all__ = ["AuthorizationEndpoint"]

# RFC 6749, section 4.1.2: ten minutes at most. A client redeems its code at once.
_CODE_LIFETIME = 60.0
_CHALLENGE_LENGTH = 43


class AuthorizationEndpoint(OAuthEndpoint):
    """Asks a user for consent, and sends the browser back with a code.

    Attributes:
        consent: "automatic" allows everything that may be allowed; "page" shows a form with a
            button for it.
        user: the name of the user who is logged in; None if nobody is.
        code_lifetime: seconds for which a code is good.
    """

    def __init__(self, issuer: Authority) -> None:
        super().__init__(clock=issuer.clock)
        self._issuer = issuer
        self._lock = threading.Lock()
        self._tickets: dict[str, str] = {}
        self._restore()

    def _restore(self) -> None:
        self.consent: Literal["automatic", "page"] = "automatic"
        self.user: str | None = "alice"
        self.code_lifetime = _CODE_LIFETIME

    def reset(self) -> None:
        """End all faults, forget the recorded requests, and restore the attributes."""
        super().reset()
        self._restore()

    async def respond(self, request: Request) -> Response:
        """A redirect to the client, the form for consent, or an error page."""
        query = request.url.query
        try:
            form = Form.parse(query)
            client, redirect_uri = self._destination(form)
        except Refused as refused:
            # RFC 6749, section 4.1.2.1: nobody is sent to an address that may be an attacker's.
            return error_page(refused.error, refused.description)
        try:
            self._require_form(form)
            if self.consent == "automatic":
                user = self._logged_in()
            elif request.method == "POST":
                user = self._decided(await _body(request), query)
            else:
                return self._page(form, client, query)
            authorized = self._authorized(form, client, redirect_uri, user)
            self.accept()
        except Refused as refused:
            answer = refused.members()
        else:
            answer = {"code": self._issuer.codes.issue(authorized)}
        answer |= {"state": form.get("state"), "iss": self._issuer.issuer}
        status = 303 if request.method == "POST" else 302
        return RedirectResponse(_with_query(redirect_uri, self.bent(answer)), status, NO_STORE)

    def _destination(self, form: Form) -> tuple[Client, str]:
        """The client, and where to send its user."""
        client_id, redirect_uri = form.required("client_id"), form.required("redirect_uri")
        client = known_client(client_id, self._issuer)
        if client is None:
            raise Refused("invalid_client", "the client is unknown")
        if redirect_uri not in client.redirect_uris:
            raise Refused("invalid_request", "the redirect_uri is not one that the client has")
        return client, redirect_uri

    def _require_form(self, form: Form) -> None:
        """The rules for everything that the user has no part in."""
        if form.required("response_type") != "code":
            raise Refused("unsupported_response_type", "the response type is code")
        if form.get("code_challenge_method") != "S256":
            raise Refused("invalid_request", "PKCE is demanded, with code_challenge_method=S256")
        if len(form.required("code_challenge")) != _CHALLENGE_LENGTH:
            raise Refused("invalid_request", "the code_challenge is not a SHA-256 in base64url")
        form.resources(listed(self._issuer.audience))

    def _authorized(self, form: Form, client: Client, redirect_uri: str, user: User) -> Authorized:
        issuer, now = self._issuer, self._issuer.clock()
        api = listed(form.audience(issuer.audience))
        claims: dict[str, object] = {
            "sub": user.subject,
            "aud": [*api, f"{issuer.issuer}userinfo"],
            "azp": client.client_id,
            **user.claims,
        }
        # RFC 9470, section 5: what a resource server asked for by a challenge.
        acr_values = (form.get("acr_values") or "").split()
        if acr_values:
            claims["acr"] = acr_values[0]
        if acr_values or form.get("max_age"):
            claims["auth_time"] = int(now)
        grant = Grant(
            client.client_id,
            form.scopes((*user.scopes, "offline_access"), default=user.scopes),
            claims,
            now + issuer.refresh_lifetime,
            form.resources(listed(issuer.audience)),
            form.get("dpop_jkt"),
        )
        challenge, nonce = form.required("code_challenge"), form.get("nonce")
        return Authorized(grant, redirect_uri, challenge, now + self.code_lifetime, nonce)

    def _page(self, form: Form, client: Client, query: str) -> Response:
        ticket = secrets.token_urlsafe(16)
        with self._lock:
            self._tickets[ticket] = query
        return consent_page(
            client=client.client_id,
            users=sorted(self._issuer.users, key=lambda name: (name != self.user, name)),
            scopes=(form.get("scope") or "").split(),
            apis=form.resources(listed(self._issuer.audience)) or listed(self._issuer.audience),
            ticket=ticket,
        )

    def _logged_in(self) -> User:
        user = self._issuer.users.get(self.user or "")
        if user is None:
            raise Refused("login_required", "nobody is logged in")
        return user

    def _decided(self, form: Form, query: str) -> User:
        """The user who allows it, by the form that was shown for this very request."""
        with self._lock:
            shown = self._tickets.pop(form.get("ticket") or "", None)
        if shown != query:
            raise Refused("access_denied", "nobody was asked for this request")
        user = self._issuer.users.get(form.get("username") or "")
        if user is None or form.get("decision") != "allow":
            raise Refused("access_denied", "the user does not allow it")
        return user


async def _body(request: Request) -> Form:
    return form_body(request.headers.get("content-type", ""), await request.body())


def _with_query(uri: str, members: dict[str, object]) -> str:
    """The redirect URI with the members added to its own query (RFC 6749, section 4.1.2)."""
    parts = urlsplit(uri)
    query = "&".join(part for part in (parts.query, urlencode(members)) if part)
    return urlunsplit(parts._replace(query=query))
