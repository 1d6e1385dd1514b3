"""The token endpoint: four grants, refresh tokens and DPoP (RFC 6749, 7636, 8707 and 9449).

It does not know keys, JWKS or the transport; the provider behind it is a Protocol.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from asgi_jwks.testing.provider.accounts import Client, Grant
from asgi_jwks.testing.provider.authority import Authority
from asgi_jwks.testing.provider.claims import authority, listed
from asgi_jwks.testing.provider.client_metadata import known_client
from asgi_jwks.testing.provider.dpop import Proofs
from asgi_jwks.testing.provider.forms import Form, basic_credentials, form_body
from asgi_jwks.testing.provider.oauth_endpoint import NO_STORE, OAuthEndpoint, Refused

__all__ = ["GRANT_TYPES", "TokenEndpoint"]

GRANT_TYPES: Final = ("authorization_code", "client_credentials", "password", "refresh_token")

_BASIC_CHALLENGE: Final = {"www-authenticate": 'Basic realm="mock issuer"'}


class TokenEndpoint(OAuthEndpoint):
    """Grants tokens for a POST of a form.

    `dpop_nonce` is a nonce that DPoP proofs must have, or None; with `dpop_required`, a request
    without a proof is refused.
    """

    def __init__(self, issuer: Authority) -> None:
        super().__init__(clock=issuer.clock)
        self._issuer = issuer
        self._proofs = Proofs(issuer.clock)
        self.dpop_nonce: str | None = None
        self.dpop_required = False

    def reset(self) -> None:
        """End all faults, forget the recorded requests, and demand nothing of proofs."""
        super().reset()
        self.dpop_nonce = None
        self.dpop_required = False

    async def respond(self, request: Request) -> JSONResponse:
        """The tokens, or an error (RFC 6749, sections 5.1 and 5.2)."""
        headers = dict(NO_STORE)
        if self.dpop_nonce is not None:
            headers["dpop-nonce"] = self.dpop_nonce
        try:
            form = form_body(request.headers.get("content-type", ""), await request.body())
            client = self._client(form, request.headers.get("authorization"))
            answer = self._granted(form, client, self._thumbprint(request, client))
        except Refused as refused:
            if refused.error == "invalid_client":
                return JSONResponse(refused.members(), 401, headers | _BASIC_CHALLENGE)
            return JSONResponse(refused.members(), 400, headers)
        return JSONResponse(self.bent(answer), 200, headers)

    def _granted(
        self, form: Form, client: Client | None, thumbprint: str | None
    ) -> Mapping[str, object]:
        match form.required("grant_type"):
            case "authorization_code":
                return self._authorization_code(form, client, thumbprint)
            case "client_credentials":
                return self._client_credentials(form, client, thumbprint)
            case "password":
                return self._password(form, client, thumbprint)
            case "refresh_token":
                return self._refresh_token(form, client, thumbprint)
            case _:
                raise Refused("unsupported_grant_type", f"use one of {', '.join(GRANT_TYPES)}")

    def _authorization_code(
        self, form: Form, client: Client | None, thumbprint: str | None
    ) -> Mapping[str, object]:
        code, codes = form.required("code"), self._issuer.codes
        replayed = codes.redeemed(code)
        if replayed is not None:
            # RFC 6749, section 4.1.2: whoever has the code may have tokens by it as well.
            self._issuer.refreshing.end_family(replayed.family)
        authorized = codes.take(code)
        if (
            authorized is None
            or client is None
            or client.client_id != authorized.grant.client_id
            or form.required("redirect_uri") != authorized.redirect_uri
            or not authorized.is_proved_by(form.required("code_verifier"))
        ):
            raise Refused("invalid_grant", "the code, its verifier, client or URI is not right")
        if authorized.grant.thumbprint not in {None, thumbprint}:
            raise Refused("invalid_dpop_proof", "the code is for another key")
        self.accept()
        grant = replace(
            authorized.grant,
            thumbprint=self._binding(client, thumbprint),
            is_confidential=client.is_confidential,
        )
        refreshed = grant if "offline_access" in grant.scopes else None
        answer = self._tokens(form, grant, thumbprint, refreshed=refreshed)
        if "openid" in grant.scopes:
            answer["id_token"] = self._issuer.id_token(
                client_id=grant.client_id,
                subject=str(grant.claims["sub"]),
                access_token=str(answer["access_token"]),
                nonce=authorized.nonce,
            )
        return answer

    def _client_credentials(
        self, form: Form, client: Client | None, thumbprint: str | None
    ) -> Mapping[str, object]:
        if client is None or not client.is_confidential:
            raise Refused("invalid_client", "this grant needs a client that has a secret")
        claims = {
            "sub": f"{client.client_id}@clients",
            "aud": form.audience(self._issuer.audience),
            "azp": client.client_id,
            "gty": "client-credentials",
            **client.claims,
        }
        scopes = form.scopes(client.scopes, default=client.scopes)
        resources = form.resources(listed(self._issuer.audience))
        self.accept()
        grant = Grant(client.client_id, scopes, claims, 0, resources)
        return self._tokens(form, grant, thumbprint)

    def _password(
        self, form: Form, client: Client | None, thumbprint: str | None
    ) -> Mapping[str, object]:
        issuer = self._issuer
        user = issuer.users.get(form.required("username"))
        password = form.required("password")
        if user is None or not user.has_password(password):
            raise Refused("invalid_grant", "the user name or the password is wrong")
        client_id = issuer.client_id if client is None else client.client_id
        api = listed(form.audience(issuer.audience))
        claims = {
            "sub": user.subject,
            "aud": [*api, f"{issuer.issuer}userinfo"],
            "azp": client_id,
            "gty": "password",
            **user.claims,
        }
        grant = Grant(
            client_id,
            form.scopes(user.scopes, default=user.scopes),
            claims,
            issuer.clock() + issuer.refresh_lifetime,
            form.resources(listed(issuer.audience)),
            self._binding(client, thumbprint),
            is_confidential=client is not None and client.is_confidential,
        )
        self.accept()
        return self._tokens(form, grant, thumbprint, refreshed=grant)

    def _refresh_token(
        self, form: Form, client: Client | None, thumbprint: str | None
    ) -> Mapping[str, object]:
        issuer, presented = self._issuer, form.required("refresh_token")
        grant = issuer.refreshing.find(presented)
        if grant is None or (client is not None and client.client_id != grant.client_id):
            raise Refused("invalid_grant", "the refresh token is unknown, used up or expired")
        if client is None and grant.is_confidential:
            raise Refused("invalid_client", "the client that it was given to has to authenticate")
        if grant.thumbprint not in {None, thumbprint}:
            raise Refused("invalid_dpop_proof", "the refresh token is for another key")
        narrowed = replace(grant, scopes=form.scopes(grant.scopes, default=grant.scopes))
        form.resources(grant.resources or listed(issuer.audience))
        self.accept()
        # RFC 9700, section 2.2.2: those of public clients are good for once.
        is_public = client is not None and not client.is_confidential
        if issuer.refresh_tokens == "reusable" and not is_public:
            return self._tokens(form, narrowed, thumbprint)
        issuer.refreshing.use_up(presented)
        return self._tokens(form, narrowed, thumbprint, refreshed=grant)

    def _tokens(
        self, form: Form, grant: Grant, thumbprint: str | None, *, refreshed: Grant | None = None
    ) -> dict[str, object]:
        """The successful response of RFC 6749, section 5.1."""
        lifetime = self._issuer.access_lifetime
        claims = {**grant.claims, **authority(grant.scopes, None)}
        # RFC 8707, section 2.2: those asked for now, or all of the grant.
        allowed = grant.resources or listed(self._issuer.audience)
        resources = form.resources(allowed) or grant.resources
        if resources:
            claims["aud"] = resources[0] if len(resources) == 1 else list(resources)
        if thumbprint is not None:
            claims["cnf"] = {"jkt": thumbprint}
        answer: dict[str, object] = {
            "access_token": self._issuer.mint(claims, lifetime=lifetime),
            "token_type": "Bearer" if thumbprint is None else "DPoP",
            # RFC 6749, section 5.1 and appendix A.14: a number of digits alone.
            "expires_in": max(0, int(lifetime)),
            "scope": " ".join(grant.scopes),
        }
        if refreshed is not None:
            answer["refresh_token"] = self._issuer.refresh_token_for(refreshed)
        return answer

    def _thumbprint(self, request: Request, client: Client | None) -> str | None:
        """The thumbprint of the key that the request proves, if it has a proof."""
        proofs = request.headers.getlist("dpop")
        # RFC 9449, section 5.2: a client may have registered that it always has one.
        is_required = self.dpop_required or (client is not None and client.dpop_bound)
        if not proofs and not is_required:
            return None
        if len(proofs) != 1:
            raise Refused("invalid_dpop_proof", "the request must have one DPoP field")
        urls = {f"{self._issuer.url}oauth/token", f"{self._issuer.url}token"}
        return self._proofs.thumbprint(
            proofs[0], method=request.method, urls=urls, nonce=self.dpop_nonce
        )

    @staticmethod
    def _binding(client: Client | None, thumbprint: str | None) -> str | None:
        """The key that a refresh token is bound to, unless its client has authenticated.

        See RFC 9449, section 5.
        """
        return None if client is not None and client.is_confidential else thumbprint

    def _client(self, form: Form, authorization: str | None) -> Client | None:
        """The authenticated client (RFC 6749, section 2.3), or None if none is named."""
        client_id, secret = form.get("client_id"), form.get("client_secret")
        if authorization is not None:
            if secret is not None:
                raise Refused("invalid_request", "the client authenticates in two ways; use one")
            client_id, secret = basic_credentials(authorization)
        if client_id is None:
            return None
        client = known_client(client_id, self._issuer)
        if client is None or not client.has_secret(secret):
            raise Refused("invalid_client", "the client is unknown or its secret is wrong")
        return client
