"""A chat: browsers cannot set header fields of a WebSocket, so the token comes as a subprotocol.

What differs from `minimal.py`: a second token source, `new WebSocket(url, ["bearer", token])` in
the browser, and a room whose members are told who speaks. It prints:

    refused with 401
    alice: hello
"""

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from asgi_jwks import (
    AuthorizationHeader,
    JWTBearerMiddleware,
    WebSocketSubprotocol,
    access_token,
    requires,
)
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
room: set[WebSocket] = set()


@requires("chat")
async def chat(websocket: WebSocket) -> None:
    # The name alone: the token was taken out of the offer and must not be sent back.
    await websocket.accept("bearer")
    room.add(websocket)
    name = access_token(websocket).claims["nickname"]
    try:
        while True:
            text = await websocket.receive_text()
            for member in room:
                await member.send_text(f"{name}: {text}")
    except WebSocketDisconnect:
        room.discard(websocket)


app = JWTBearerMiddleware(
    Starlette(routes=[WebSocketRoute("/chat", chat)]),
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=issuer.http_client(),
    token_sources=[AuthorizationHeader(), WebSocketSubprotocol()],
)

if __name__ == "__main__":
    client = TestClient(app)
    try:
        with client.websocket_connect("/chat"):
            pass
    except WebSocketDenialResponse as refused:
        print("refused with", refused.status_code)
    token = issuer.access_token(scopes="chat", nickname="alice")
    with client.websocket_connect("/chat", ["bearer", token]) as websocket:
        websocket.send_text("hello")
        print(websocket.receive_text())
