"""Quart: wrapped as any ASGI application, scopes demanded of the views.

What differs from `minimal.py`: `requires` is that of Quart, whose views have no argument with the
request. It prints:

    200 {'sub': 'auth0|60c7a9f2b1d3e40069f8a2b7'}
    403 {'error': 'insufficient_scope', 'error_description': 'The access token does not grant \
what this request needs'}
"""

from typing import cast

from quart import Quart, request, websocket
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, access_token
from asgi_jwks.integrations.quart import requires
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
api = Quart(__name__)


@api.get("/me")
async def me() -> dict[str, str | None]:
    return {"sub": access_token(request).subject}


@api.get("/messages")
@requires("read:messages")
async def messages() -> list[str]:
    return [f"You have no messages, {access_token(request).subject}."]


@api.websocket("/echo")
@requires("read:messages")
async def echo() -> None:
    text = cast("str", await websocket.receive())
    await websocket.send(f"{access_token(websocket).subject}: {text}")


app = JWTBearerMiddleware(
    api, issuer=issuer.issuer, audience=issuer.audience, http_client=issuer.http_client()
)

if __name__ == "__main__":
    client = TestClient(app, headers={"Authorization": f"Bearer {issuer.access_token()}"})
    for path in ("/me", "/messages"):
        response = client.get(path)
        print(response.status_code, response.json())
