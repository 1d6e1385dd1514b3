"""MockIssuer: a small identity provider, with keys, tokens, accounts and endpoints.

Here the parts of this room become one provider, which is known under one URL.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from asgi_jwks.testing.loopback import serve_app
from asgi_jwks.testing.provider.accounts import Client, Grant, User
from asgi_jwks.testing.provider.authorization import AuthorizationEndpoint
from asgi_jwks.testing.provider.claims import (
    DEFAULT_CLIENT_ID,
    DEFAULT_SCOPES,
    DEFAULT_SUBJECT,
    Audience,
    Names,
    authority,
    listed,
    names,
)
from asgi_jwks.testing.provider.codes import Codes
from asgi_jwks.testing.provider.endpoint import Endpoint
from asgi_jwks.testing.provider.grants import TokenEndpoint
from asgi_jwks.testing.provider.minting import TokenMint
from asgi_jwks.testing.provider.refresh_tokens import RefreshTokens
from asgi_jwks.testing.provider.registration import RegistrationEndpoint
from asgi_jwks.testing.provider.routes import JWKS_PATH, WELL_KNOWN, application, metadata
from asgi_jwks.testing.provider.signing_keys import SigningKey

if TYPE_CHECKING:
    import httpx

__all__ = ["MockIssuer"]

_ISSUER = "https://mock-issuer.example/"
_AUDIENCE = "https://api.example.com"

# Auth0's defaults: an access token for an API lives a day. Refresh tokens live a week here.
_ACCESS_LIFETIME = 86_400.0
_REFRESH_LIFETIME = 7 * 86_400.0


class MockIssuer(TokenMint):
    """An identity provider for tests and demos, which looks like an Auth0 tenant.

        issuer = MockIssuer(audience="https://api.example.com")
        token = issuer.access_token(scopes="read:messages", user_id=7)
        with issuer.serve() as url:
            ...  # url is the issuer identifier; discovery, JWKS and /oauth/token answer below it

    `issuer`            the issuer identifier. Unless given it is the URL that the provider is
                        served under, and https://mock-issuer.example/ while it is not served
    `audience`          the API, or the APIs, that tokens are for
    `key`               the first signing key; a new one for `algorithm` unless given
    `algorithm`         the JOSE algorithm of generated keys
    `access_lifetime`   seconds that an access token is valid, a day unless given
    `refresh_lifetime`  seconds that a refresh token is valid, a week unless given
    `refresh_tokens`    "reusable" until they expire, or good for "once" and then replaced
    `well_known`        the metadata documents to serve, both forms unless given
    `clock`             the present, in seconds since the epoch

    `jwks`, `discovery`, `token`, `authorization` and `registration` are the endpoints, with their
    faults and counters. `app` is the whole provider as an ASGI application. There are a user
    `alice` with the password `wonderland`, and a client `mock-client` with the secret
    `mock-secret`; `add_user`, `add_client` and `add_client_document` add others. Everything may
    be called from any thread, also while the provider is served.
    """

    def __init__(
        self,
        *,
        issuer: str | None = None,
        audience: Audience = _AUDIENCE,
        key: SigningKey | None = None,
        algorithm: str = "RS256",
        access_lifetime: float = _ACCESS_LIFETIME,
        refresh_lifetime: float = _REFRESH_LIFETIME,
        refresh_tokens: Literal["reusable", "once"] = "reusable",
        well_known: Sequence[str] = WELL_KNOWN,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            SigningKey.generate(algorithm) if key is None else key,
            issuer=_ISSUER if issuer is None else issuer,
            audience=audience,
            access_lifetime=access_lifetime,
            refresh_lifetime=refresh_lifetime,
            clock=clock,
        )
        self._named = issuer is not None
        self._served_at: str | None = None
        self.codes = Codes(clock)
        self.refreshing = RefreshTokens(clock)
        self.client_id = DEFAULT_CLIENT_ID
        if refresh_tokens not in {"reusable", "once"}:
            raise ValueError(f'refresh_tokens must be "reusable" or "once"; got {refresh_tokens!r}')
        self.refresh_tokens: Literal["reusable", "once"] = refresh_tokens
        self.well_known = tuple(well_known)
        self.users: dict[str, User] = {}
        self.clients: dict[str, Client] = {}
        self.client_documents: dict[str, Mapping[str, object]] = {}
        self.add_user("alice", "wonderland", subject=DEFAULT_SUBJECT)
        self.add_client(DEFAULT_CLIENT_ID, "mock-secret")
        self.jwks = Endpoint(self.jwk_set, clock=clock)
        self.discovery = Endpoint(self.metadata, clock=clock)
        self.token = TokenEndpoint(self)
        self.authorization = AuthorizationEndpoint(self)
        self.registration = RegistrationEndpoint(self)
        self.app = application(
            self.issuer,
            jwks=self.jwks,
            discovery=self.discovery,
            token=self.token,
            authorization=self.authorization,
            registration=self.registration,
            well_known=self.well_known,
        )

    # Names and addresses.

    @property
    def issuer(self) -> str:
        """The issuer identifier: the `iss` of every token."""
        named = super().issuer
        return named if self._named or self._served_at is None else self._served_at

    @property
    def url(self) -> str:
        """The base URL of the endpoints, with a trailing slash."""
        return self._served_at or f"{super().issuer.rstrip('/')}/"

    @property
    def jwks_uri(self) -> str:
        """The URL of the JWK Set."""
        return f"{self.url}{JWKS_PATH}"

    def metadata(self) -> dict[str, object]:
        """The metadata document (RFC 8414, section 2), to serve or to bend."""
        granted = {scope for user in self.users.values() for scope in user.scopes}
        own = (*DEFAULT_SCOPES, "offline_access")
        return metadata(
            self.issuer,
            url=self.url,
            algorithm=self.signing_key.algorithm,
            scopes=(*own, *sorted(granted.difference(own))),
        )

    # Ways to reach it.

    @contextmanager
    def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
        """Serve the provider on a loopback port, in a thread, while the block runs.

        Yields its base URL with a trailing slash, which is also the issuer identifier unless one
        was given. Port 0 lets the system choose. Needs uvicorn (`asgi-jwks[testing]`). Raises
        OSError when the port is taken.
        """
        with serve_app(self.app, host=host, port=port) as origin:
            self._served_at = f"{origin}/"
            try:
                yield self._served_at
            finally:
                self._served_at = None

    def http_client(self) -> "httpx.AsyncClient":
        """An httpx client whose every request goes to this provider, without a network."""
        from asgi_jwks.testing import inprocess

        return inprocess.client(self.app, base_url=self.url)

    def reset(self) -> None:
        """End all faults, forget all recorded requests, and restore the first key alone."""
        endpoints = self.jwks, self.discovery, self.token, self.authorization, self.registration
        for endpoint in endpoints:
            endpoint.reset()
        self.restore_keys()

    # Accounts and grants.

    def add_user(
        self,
        username: str,
        password: str,
        *,
        subject: str | None = None,
        scopes: Names = DEFAULT_SCOPES,
        **claims: object,
    ) -> User:
        """Let someone log in with a password. `claims` go into each of their tokens."""
        subject = f"auth0|{secrets.token_hex(12)}" if subject is None else subject
        user = User(username, password, subject, names(scopes), claims)
        self.users[username] = user
        return user

    def add_client(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        scopes: Names = (),
        redirect_uris: Sequence[str] = (),
        **claims: object,
    ) -> Client:
        """Register an application; without a secret it is a public client.

        `scopes` and `claims` are those of the tokens that it gets for itself, `redirect_uris` the
        addresses that users are sent back to.
        """
        uris = tuple(redirect_uris)
        client = Client(client_id, client_secret, names(scopes), claims, uris)
        self.clients[client_id] = client
        return client

    def add_client_document(self, url: str, document: Mapping[str, object]) -> None:
        """Let a client metadata document be found at `url`, which is the client's id.

        The provider asks no network for it (draft-ietf-oauth-client-id-metadata-document).
        """
        self.client_documents[url] = document

    def refresh_token(
        self,
        *,
        scopes: Names = DEFAULT_SCOPES,
        subject: str = DEFAULT_SUBJECT,
        client_id: str | None = None,
        lifetime: float | None = None,
        **claims: object,
    ) -> str:
        """A refresh token that the token endpoint accepts and that no API should.

        `claims` go into it, and into each access token that it buys. With `client_id` it is for
        this client, which authenticates to use it if it has a secret (RFC 6749, section 6).
        """
        client = self.clients.get(client_id or "")
        client_id = DEFAULT_CLIENT_ID if client_id is None else client_id
        identity = {
            "sub": subject,
            "aud": [*listed(self.audience), f"{self.issuer}userinfo"],
            "azp": client_id,
            **claims,
        }
        lifetime = self.refresh_lifetime if lifetime is None else lifetime
        grant = Grant(
            client_id,
            names(scopes),
            identity,
            self.clock() + lifetime,
            is_confidential=client is not None and client.is_confidential,
        )
        return self.refresh_token_for(grant)

    def refresh_token_for(self, grant: Grant) -> str:
        """A refresh token for `grant`: a JWT with `typ` Refresh, as Keycloak makes it."""
        own = {"typ": "Refresh", "jti": secrets.token_urlsafe(16), "aud": self.issuer}
        claims = {**grant.claims, **authority(grant.scopes, None), **own}
        token = self.mint(claims, lifetime=int(grant.expires_at - self.clock()))
        self.refreshing.add(token, grant)
        return token

    def granted_by(self, refresh_token: str) -> Grant | None:
        """The grant of a refresh token; None if it is not good, or no longer."""
        return self.refreshing.find(refresh_token)

    def revoke(self, refresh_token: str) -> None:
        """End a refresh token. One that is unknown is ignored (RFC 7009, section 2.2)."""
        self.refreshing.end(refresh_token)
