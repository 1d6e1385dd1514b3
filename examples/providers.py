"""Settings for Auth0, Entra ID, Cognito, Keycloak and Google, and what is peculiar to each.

What differs from `minimal.py`: only the names; keys are discovered from the issuer. A mock issuer
of each name makes tokens of its shape. ID tokens are for clients, and open no API. It prints:

    auth0: access token accepted, ID token wrong_audience
    entra: access token accepted, ID token wrong_audience
    cognito: access token accepted, ID token missing_claim
    keycloak: access token accepted, ID token not_an_access_token
    google: access token accepted, ID token not_an_access_token
"""

import anyio

from asgi_jwks import AccessTokenVerifier, InvalidToken, TrustedIssuer
from asgi_jwks.environment import IssuerSettings
from asgi_jwks.testing import MockIssuer

CLIENT = "2f6c1a"  # the client id of the application that logs users in
PROVIDERS: dict[str, IssuerSettings] = {
    # The issuer ends with a slash. The audience is the API's identifier in the dashboard; without
    # an `audience` parameter in the authorization request, Auth0's tokens are opaque.
    "auth0": {"issuer": "https://example.eu.auth0.com/", "audience": ("https://api.example.com",)},
    # The API's own app registration, with `requestedAccessTokenVersion: 2` in its manifest; its
    # tokens have the API's client id as audience. The tenant is an id, never "common".
    "entra": {
        "issuer": "https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0",
        "audience": ("11112222-bbbb-3333-cccc-4444dddd5555",),
    },
    # Access tokens have no `aud`: the clients that may call the API are named instead.
    "cognito": {
        "issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example",
        "audience": (CLIENT,),
        "audience_claim": "client_id",
    },
    # The realm's URL. `aud` names the API only if the client has an audience mapper.
    "keycloak": {"issuer": "https://keycloak.example.com/realms/main", "audience": ("orders",)},
    # Users' access tokens are opaque. What is verifiable are the tokens by which services call
    # each other; their audience is the URL of the service that is called.
    "google": {"issuer": "https://accounts.google.com", "audience": ("https://api.example.com",)},
}

# What the access tokens of each have besides `iss`, `aud`, `sub`, `iat` and `exp`; then ID tokens.
SHAPES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "auth0": ({"azp": CLIENT, "scope": "read"}, {"aud": CLIENT, "nonce": "n"}),
    "entra": ({"azp": CLIENT, "scp": "read", "ver": "2.0"}, {"aud": CLIENT, "ver": "2.0"}),
    "cognito": (
        {"client_id": CLIENT, "token_use": "access", "scope": "read"},
        {"aud": CLIENT, "token_use": "id"},
    ),
    "keycloak": ({"azp": CLIENT, "typ": "Bearer", "scope": "read"}, {"azp": CLIENT, "typ": "ID"}),
    "google": ({"azp": "117", "email": "job@example.com"}, {"azp": CLIENT, "at_hash": "h"}),
}


async def verdict(verifier: AccessTokenVerifier, token: str) -> str:
    try:
        await verifier.verify(token)
    except InvalidToken as error:
        return str(error.reason)
    return "accepted"


async def main() -> None:
    for name, settings in PROVIDERS.items():
        mock = MockIssuer(issuer=settings["issuer"])
        trusted = TrustedIssuer(**settings, http_client=mock.http_client())
        verifier = AccessTokenVerifier([trusted])
        always = {"sub": "ada"}
        if settings.get("audience_claim", "aud") == "aud":
            always["aud"] = settings["audience"][0]
        tokens = [mock.mint({**always, **shape}, lifetime=60) for shape in SHAPES[name]]
        access, identity = [await verdict(verifier, token) for token in tokens]
        print(f"{name}: access token {access}, ID token {identity}")


if __name__ == "__main__":
    anyio.run(main)
