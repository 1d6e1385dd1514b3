"""Presets for Auth0, Entra ID, Cognito and Keycloak, and a provider that has none.

What differs from `minimal.py`: a preset is an issuer by the words of the provider's console. It
knows where the keys are and what proves an access token there; ID tokens are for clients, and open
no API. A mock issuer of each name makes tokens of its shape. It prints:

    auth0: access token accepted, ID token not_an_access_token
    entra: access token accepted, ID token not_an_access_token
    cognito: access token accepted, ID token not_an_access_token
    keycloak: access token accepted, ID token not_an_access_token
    google: access token accepted, ID token not_an_access_token
"""

from collections.abc import Callable
from functools import partial

import anyio

from asgi_jwks import AccessTokenVerifier, InvalidToken, TrustedIssuer
from asgi_jwks.providers import auth0, cognito, entra_id, keycloak
from asgi_jwks.testing import MockIssuer

API, CLIENT = "https://api.example.com", "2f6c1a"  # the client is whoever logs users in
TENANT, APP = "aaaabbbb-0000-cccc-1111-dddd2222eeee", "11112222-bbbb-3333-cccc-4444dddd5555"

# In an application: `JWTBearerMiddleware(app, auth0("example.eu.auth0.com", audience=API))`.
PROVIDERS: dict[str, Callable[..., TrustedIssuer]] = {
    # Without an `audience` parameter in the authorization request, Auth0's tokens are opaque.
    "auth0": partial(auth0, "example.eu.auth0.com", audience=API),
    # The API's own app registration, with `requestedAccessTokenVersion: 2` in its manifest.
    "entra": partial(entra_id, tenant=TENANT, audience=APP),
    # Access tokens have no `aud`: the clients that may call the API are named instead.
    "cognito": partial(cognito, region="eu-west-1", user_pool="eu-west-1_AbC123", client_id=CLIENT),
    # `aud` names the API only if the client has an audience mapper.
    "keycloak": partial(keycloak, "https://sso.example.com", realm="main", audience="orders"),
    # Users' access tokens are opaque. What is verifiable are the tokens by which services call
    # each other; their audience is the URL of the service that is called.
    "google": partial(TrustedIssuer, issuer="https://accounts.google.com", audience=API),
}

# What the access tokens of each have besides `iss`, `sub`, `iat` and `exp`; then ID tokens.
SHAPES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "auth0": ({"aud": API, "azp": CLIENT, "scope": "read"}, {"aud": API, "nonce": "n"}),
    "entra": ({"aud": APP, "azp": CLIENT, "scp": "read", "ver": "2.0"}, {"aud": APP, "ver": "2.0"}),
    "cognito": (
        {"client_id": CLIENT, "token_use": "access", "scope": "read"},
        {"client_id": CLIENT, "token_use": "id"},
    ),
    "keycloak": (
        {"aud": "orders", "azp": CLIENT, "typ": "Bearer"},
        {"aud": "orders", "azp": CLIENT, "typ": "ID"},
    ),
    "google": ({"aud": API, "azp": "117"}, {"aud": API, "azp": CLIENT, "at_hash": "h"}),
}


async def verdict(verifier: AccessTokenVerifier, token: str) -> str:
    try:
        await verifier.verify(token)
    except InvalidToken as error:
        return str(error.reason)
    return "accepted"


async def main() -> None:
    for name, preset in PROVIDERS.items():
        mock = MockIssuer(issuer=preset().issuer)
        verifier = AccessTokenVerifier(preset(http_client=mock.http_client()))
        tokens = [mock.mint({"sub": "ada", **shape}, lifetime=60) for shape in SHAPES[name]]
        access, identity = [await verdict(verifier, token) for token in tokens]
        print(f"{name}: access token {access}, ID token {identity}")


if __name__ == "__main__":
    anyio.run(main)
