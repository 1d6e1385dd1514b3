"""Starlette, in full: scopes per endpoint, `request.user`, and a WebSocket.

What differs from `minimal.py`: `add_middleware`, `requires` that demands scopes, and endpoints that
use what else is on the scope. Starlette's own `requires` reads the same scopes, but answers without
a challenge. It prints:

    403 scope="read:messages"
    200 ['You have no messages, auth0|60c7a9f2b1d3e40069f8a2b7.']
    auth0|60c7a9f2b1d3e40069f8a2b7: hello
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from asgi_jwks import JWTBearerMiddleware, access_token, requires
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()


async def me(request: Request) -> JSONResponse:
    return JSONResponse({"sub": access_token(request).subject})


@requires("read:messages")
async def messages(request: Request) -> JSONResponse:
    return JSONResponse([f"You have no messages, {request.user.identity}."])


@requires("read:messages")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    text = await websocket.receive_text()
    await websocket.send_text(f"{access_token(websocket).subject}: {text}")
    await websocket.close()


app = Starlette(
    routes=[Route("/me", me), Route("/messages", messages), WebSocketRoute("/echo", echo)]
)
app.add_middleware(
    # Starlette builds middleware when the server has started; a mistake is told here already.
    JWTBearerMiddleware.configured(
        issuer=issuer.issuer, audience=issuer.audience, http_client=issuer.http_client()
    )
)

if __name__ == "__main__":
    client = TestClient(app, headers={"Authorization": f"Bearer {issuer.access_token()}"})
    refused = client.get("/messages")
    print(refused.status_code, refused.headers["www-authenticate"].split(", ")[-1])
    token = issuer.access_token(scopes="read:messages")
    client.headers["Authorization"] = f"Bearer {token}"
    accepted = client.get("/messages")
    print(accepted.status_code, accepted.json())
    with client.websocket_connect("/echo") as websocket:
        websocket.send_text("hello")
        print(websocket.receive_text())
