"""How a reader of the OpenAPI document gets a token, as security schemes.

It does not know how a token is verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import anyio
from fastapi.openapi import models

from asgi_jwks._options import require_text
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import HTTPClient
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.response import FetchFailed, Representation
from asgi_jwks.fetching.secure_url import require_secure_url
from asgi_jwks.jose.encoding import json_object
from asgi_jwks.keys.discovery import Metadata, metadata_urls

__all__ = ["AuthorizationCode", "Login", "OpenIDConnect", "PastedToken", "require_login"]

# As long as a key set may take to fetch: a provider that is down must not hold up a start.
DISCOVERY_TIMEOUT: Final = 5.0


class Login(Protocol):
    """The way in which a reader of the documentation gets a token."""

    def scheme(self) -> models.SecurityBase:
        """The security scheme, as far as it is known without the network."""
        ...

    async def discovered(self) -> "Login":
        """The same with its URLs filled in. Raises FetchFailed or TimeoutError."""
        ...

    def swagger_ui(self) -> dict[str, Any] | None:
        """The arguments of Swagger UI's `initOAuth`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PastedToken:
    """The reader has a token and pastes it: HTTP authentication with the Bearer scheme."""

    description: str | None = None

    def __post_init__(self) -> None:
        _require_words(description=self.description)

    def scheme(self) -> models.SecurityBase:
        """`type: http`, `scheme: bearer`."""
        return models.HTTPBearer(bearerFormat="JWT", description=self.description)

    async def discovered(self) -> Login:
        """Nothing is to be discovered."""
        return self

    def swagger_ui(self) -> None:
        """Swagger UI needs to know nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIDConnect:
    """The reader's tool discovers how to log in (OpenID Connect Discovery 1.0).

    Args:
        issuer: the issuer identifier.
        description: a sentence for the reader.

    Raises:
        ConfigurationError: an argument is not a string.
    """

    issuer: str
    description: str | None = None

    def __post_init__(self) -> None:
        require_text("issuer", self.issuer, example=_ISSUER)
        _require_words(issuer=self.issuer, description=self.description)

    def scheme(self) -> models.SecurityBase:
        """`type: openIdConnect`."""
        url = metadata_urls(self.issuer)[0]
        return models.OpenIdConnect(openIdConnectUrl=url, description=self.description)

    async def discovered(self) -> Login:
        """Nothing is to be discovered: tools do so themselves."""
        return self

    def swagger_ui(self) -> None:
        """Swagger UI needs to know nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """Swagger UI logs the reader in: the authorization code grant with PKCE (RFC 7636).

    URLs that are not given are discovered when the application starts. In a document that is
    generated before, or without the network, the issuer's metadata and the member of it that has
    the URL stand in their place: `https://ISSUER/.well-known/...#authorization_endpoint`.

    Args:
        issuer: the issuer identifier, from which URLs that are not given are discovered.
        authorization_url: the authorization endpoint (RFC 6749, section 3.1).
        token_url: the token endpoint (section 3.2).
        scopes: the scopes that may be asked for, each with a sentence for the reader.
        client_id: the client that Swagger UI is to be: a public one, without a secret, that may
            redirect to `/docs/oauth2-redirect`.
        audience: the API to ask a token for, where the provider wants to be told (Auth0).
        description: a sentence for the reader.
        http_client: an `httpx.AsyncClient` for the discovery; see RemoteJWKSet.

    Raises:
        ConfigurationError: neither `issuer` nor both URLs are given, or an argument is of the wrong
            form.
    """

    issuer: str | None = None
    authorization_url: str | None = None
    token_url: str | None = None
    scopes: Mapping[str, str] = field(default_factory=dict)
    client_id: str | None = None
    audience: str | None = None
    description: str | None = None
    http_client: HTTPClient | None = None

    def __post_init__(self) -> None:
        if self.issuer is None and (self.authorization_url is None or self.token_url is None):
            raise ConfigurationError(
                "AuthorizationCode needs issuer to discover its URLs from, or both of them. Write "
                'AuthorizationCode(issuer="https://example.eu.auth0.com/").'
            )
        _require_words(
            issuer=self.issuer,
            authorization_url=self.authorization_url,
            token_url=self.token_url,
            client_id=self.client_id,
            audience=self.audience,
            description=self.description,
        )
        if not isinstance(self.scopes, Mapping) or not all(
            isinstance(name, str) and is_scope(name) and isinstance(words, str)
            for name, words in self.scopes.items()
        ):
            raise ConfigurationError(
                "scopes must be a mapping of scopes to sentences for the reader; got "
                f'{self.scopes!r}. Write scopes={{"orders:read": "See your orders"}}.'
            )

    def scheme(self) -> models.SecurityBase:
        """`type: oauth2` with the flow `authorizationCode`."""
        flow = models.OAuthFlowAuthorizationCode(
            authorizationUrl=self.authorization_url or self._place_of("authorization_endpoint"),
            tokenUrl=self.token_url or self._place_of("token_endpoint"),
            scopes=dict(self.scopes),
        )
        flows = models.OAuthFlows(authorizationCode=flow)
        return models.OAuth2(flows=flows, description=self.description)

    async def discovered(self) -> Login:
        """Take the URLs that are not given from the issuer's metadata (RFC 8414, section 2).

        Raises:
            FetchFailed: the metadata are unavailable, or lack an endpoint.
            TimeoutError: it takes longer than 5 seconds.
        """
        if self.issuer is None or (self.authorization_url and self.token_url):
            return self
        with anyio.fail_after(DISCOVERY_TIMEOUT):
            request = DocumentRequest(http_client=self.http_client)
            loaded = await Metadata(self.issuer, request).load(None, attempts=2)
        found = loaded.representation
        metadata = json_object(found.document) if isinstance(found, Representation) else {}
        urls = [metadata.get(f"{name}_endpoint") for name in ("authorization", "token")]
        if not all(isinstance(url, str) for url in urls):
            raise FetchFailed(f"the metadata of {self.issuer!r} names no endpoints to log in at")
        return replace(
            self,
            authorization_url=self.authorization_url or urls[0],
            token_url=self.token_url or urls[1],
        )

    def _place_of(self, member: str) -> str:
        return f"{metadata_urls(self.issuer or '')[0]}#{member}"

    def swagger_ui(self) -> dict[str, Any] | None:
        """Who Swagger UI is to the provider, if it was given a client id."""
        if self.client_id is None:
            return None
        extra = {} if self.audience is None else {"audience": self.audience}
        return {
            "clientId": self.client_id,
            "scopes": " ".join(self.scopes),
            "usePkceWithAuthorizationCodeGrant": True,
            "additionalQueryStringParams": extra,
        }


_ISSUER: Final = "https://example.eu.auth0.com/"


def _require_words(**options: object) -> None:
    for name, value in options.items():
        if value is None:
            continue
        text = require_text(name, value, example=_EXAMPLES.get(name, _ISSUER))
        # OpenAPI lets endpoints stand below the address of the document.
        if name in _URLS and not text.startswith("/"):
            require_secure_url(name, text, allow_insecure_http=True)


_URLS: Final = frozenset({"issuer", "authorization_url", "token_url"})


_EXAMPLES: Final = {
    "authorization_url": f"{_ISSUER}authorize",
    "token_url": f"{_ISSUER}oauth/token",
    "client_id": "docs",
    "audience": "https://api.example.com",
    "description": "Log in as you do in the shop",
}


def require_login(login: Login) -> Login:
    """One of the three ways to get a token.

    Raises:
        ConfigurationError: it is something else.
    """
    if not callable(getattr(login, "scheme", None)) or isinstance(login, type):
        raise ConfigurationError(
            f"login must be PastedToken(), OpenIDConnect(...) or AuthorizationCode(...); got "
            f"{login!r}."
        )
    return login
