"""Security schemes and refusals in an OpenAPI document, and how Swagger UI gets a token.

It does not know how a token is verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import anyio
from fastapi import FastAPI
from fastapi.openapi import models

from asgi_jwks.asgi.challenge import UNAVAILABLE
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import HTTPClient
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.response import FetchFailed, Representation
from asgi_jwks.jose.encoding import json_object
from asgi_jwks.keys.discovery import Metadata, metadata_urls

__all__ = [
    "OR_NO_TOKEN",
    "AuthorizationCode",
    "Login",
    "OpenIDConnect",
    "PastedToken",
    "document_refusals",
]

OR_NO_TOKEN: Final = "or no token"
"""Among the scopes of an operation: it takes requests without a token as well.

No token can grant it, since it has spaces. `document_refusals` says it in OpenAPI's own way.
"""

SecurityRequirement = dict[str, list[str]]

_REFUSAL: Final = "AccessTokenRefusal"
"""The name of the schema of refusals."""

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
    """

    issuer: str
    description: str | None = None

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
        ConfigurationError: neither `issuer` nor both URLs are given.
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


def document_refusals(app: FastAPI, scheme_name: str, *, has_own_bodies: bool) -> None:
    """Describe refusals and optional tokens in the operations that name the scheme."""
    document = vars(app).get("openapi")
    if not isinstance(document, _Document):
        # How FastAPI's documentation tells one to extend the document.
        document = vars(app)["openapi"] = _Document(app)
    document.scheme_names.add(scheme_name)
    document.has_own_bodies |= has_own_bodies


class _Document:
    """FastAPI's OpenAPI document, to which 401, 403 and 503 are added where they may occur."""

    def __init__(self, app: FastAPI) -> None:
        self._app: Final = app
        self._generate: Final = app.openapi
        self.scheme_names: Final[set[str]] = set()
        self.has_own_bodies = False

    def __call__(self) -> dict[str, Any]:
        is_new = self._app.openapi_schema is None
        schema = self._generate()
        if is_new:
            operations = [
                operation
                for item in schema.get("paths", {}).values()
                for operation in item.values()
                # Beside operations a path has a summary, parameters and the like.
                if isinstance(operation, dict)
                and any(self._is_ours(needed) for needed in operation.get("security", ()))
            ]
            for operation in operations:
                operation["security"] = self._security(operation["security"])
                operation["responses"] = {**_refusals(), **operation.get("responses", {})}
            if operations:
                body = _OWN_SCHEMA if self.has_own_bodies else _SCHEMA
                schema["components"].setdefault("schemas", {}).setdefault(_REFUSAL, body)
        return schema

    def _is_ours(self, needed: SecurityRequirement) -> bool:
        return not self.scheme_names.isdisjoint(needed)

    def _security(self, security: list[SecurityRequirement]) -> list[SecurityRequirement]:
        """One requirement with all our schemes, since each of them refuses by itself.

        FastAPI lists them one by one, of which OpenAPI says that one is enough (OpenAPI 3.1,
        section 4.8.30). Where a token is optional, there is a requirement without it as well.
        """
        always: SecurityRequirement = {}
        optional: SecurityRequirement = {}
        for needed in filter(self._is_ours, security):
            for name, scopes in needed.items():
                named = [scope for scope in scopes if scope != OR_NO_TOKEN]
                (always if named == scopes else optional)[name] = named
        others = [needed for needed in security if not self._is_ours(needed)]
        both = [{**always, **optional}]
        return [*others, *([always, *both] if optional else both)]


# Of an application that words the bodies itself, in a form that only it knows.
_OWN_SCHEMA: Final = {"type": "object", "title": _REFUSAL}
_SCHEMA: Final = {
    **_OWN_SCHEMA,
    "required": ["error", "error_description"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}


def _refusals() -> dict[str, Any]:
    """The `responses` of an operation that needs a token: 401, 403 and 503."""
    challenge = {
        "WWW-Authenticate": {
            "description": "What is needed (RFC 6750, section 3)",
            "schema": {"type": "string"},
        }
    }
    retry = {
        "Retry-After": {
            "description": "Seconds after which another attempt makes sense",
            "schema": {"type": "integer"},
        }
    }
    described = {
        "401": ("No valid access token", challenge),
        "403": ("The access token does not grant what this request needs", challenge),
        "503": (UNAVAILABLE, retry),
    }
    body = {"$ref": f"#/components/schemas/{_REFUSAL}"}
    return {
        status: {
            "description": description,
            "headers": headers,
            "content": {"application/json": {"schema": body}},
        }
        for status, (description, headers) in described.items()
    }
