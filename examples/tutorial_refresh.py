"""An access token of 15 minutes and a refresh token of 7 days, and which of them opens the API.

What differs from the tutorials of this name: the refresh token goes to the provider only. It is
signed by the same key and names the same user, and the API refuses it all the same. It prints:

    log in: access token for 900 s, and a refresh token
    API with the access token: 200 {'user_id': 7, 'user_type': 'admin', 'session_id': 's-1'}
    API with the refresh token: 401 wrong_audience
    API 16 minutes later: 401 expired
    refresh: 200, API with the new token: 200
    refresh 8 days later: 400 invalid_grant
"""

import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, TrustedIssuer, access_token
from asgi_jwks.testing import MockIssuer

MINUTE, DAY = 60, 86_400
started = int(time.time())
passed = 0


def clock() -> float:
    return started + passed


provider = MockIssuer(access_lifetime=15 * MINUTE, refresh_lifetime=7 * DAY, clock=clock)
provider.add_user("ada", "lovelace", user_id=7, user_type="admin", session_id="s-1")


async def me(request: Request) -> JSONResponse:
    names = ("user_id", "user_type", "session_id")
    return JSONResponse({name: access_token(request).claims[name] for name in names})


trusted = TrustedIssuer(
    issuer=provider.issuer,
    audience=provider.audience,
    required_claims=["user_id", "user_type", "session_id"],
    http_client=provider.http_client(),
)
refused: list[Any] = []
app = JWTBearerMiddleware(
    Starlette(routes=[Route("/me", me)]),
    verifier=AccessTokenVerifier([trusted], clock=clock),
    on_refused=lambda error, _scope: refused.append(error),
)

if __name__ == "__main__":
    api, idp = TestClient(app), TestClient(provider.app)

    def ask(token: str) -> str:
        response = api.get("/me", headers={"Authorization": f"Bearer {token}"})
        said = response.json() if response.is_success else refused[-1].reason
        return f"{response.status_code} {said}"

    login = {"grant_type": "password", "username": "ada", "password": "lovelace"}
    tokens = idp.post("/token", data=login).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    print(f"log in: access token for {tokens['expires_in']:g} s, and a refresh token")
    print("API with the access token:", ask(tokens["access_token"]))
    print("API with the refresh token:", ask(tokens["refresh_token"]))
    passed = 16 * MINUTE
    print("API 16 minutes later:", ask(tokens["access_token"]))
    answer = idp.post("/token", data=refresh)
    new = answer.json()["access_token"]
    print(f"refresh: {answer.status_code}, API with the new token: {ask(new)[:3]}")
    passed = 8 * DAY
    answer = idp.post("/token", data=refresh)
    print("refresh 8 days later:", answer.status_code, answer.json()["error"])
