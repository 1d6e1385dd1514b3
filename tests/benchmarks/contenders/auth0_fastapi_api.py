"""auth0-fastapi-api: the verification that `require_auth` rests on."""

from collections.abc import Mapping
from importlib import import_module
from urllib.parse import urlsplit

import httpx
from starlette.types import ASGIApp

from .contender import Contender, Gate, Trust


def _wrap(app: ASGIApp, trust: Trust) -> ASGIApp:
    plugin = import_module("fastapi_plugin.fast_api_client")
    errors = import_module("auth0_api_python.errors")

    async def fetch(url: str) -> object:
        # The package insists on https for discovery, so that document is made here; the keys
        # come over the same loopback endpoint as everybody's.
        if url.endswith("/openid-configuration"):
            return {"issuer": trust.issuer, "jwks_uri": trust.jwks_uri}
        async with httpx.AsyncClient() as http:
            return (await http.get(url)).json()

    client = plugin.Auth0FastAPI(
        domain=urlsplit(trust.issuer).hostname, audience=trust.audience, custom_fetch=fetch
    ).api_client

    async def verify(token: str) -> Mapping[str, object] | None:
        try:
            claims: Mapping[str, object] = await client.verify_access_token(token)
        except errors.BaseAuthError:
            return None
        return claims

    return Gate(app, verify)


CONTENDER = Contender(
    name="auth0-fastapi-api",
    distribution="auth0-fastapi-api",
    counted="ApiClient.verify_access_token; the FastAPI dependency around it is not counted",
    wrap=_wrap,
)
