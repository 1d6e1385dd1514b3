"""Litestar: wrapped as any ASGI application, scopes demanded by route middleware.

What differs from `minimal.py`: handlers have Litestar's own Request, and
`requires(...).around` is a Litestar middleware as it is. It prints:

    200 {'sub': 'auth0|60c7a9f2b1d3e40069f8a2b7'}
    403 {'error': 'insufficient_scope', 'error_description': 'The access token does not grant \
what this request needs'}
"""

from typing import Any

from litestar import Litestar, Request, WebSocket, get, websocket
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, access_token, requires
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
AnyRequest = Request[Any, Any, Any]


@get("/me")
async def me(request: AnyRequest) -> dict[str, str | None]:
    return {"sub": access_token(request).subject}


@get("/messages", middleware=[requires("read:messages").around])
async def messages(request: AnyRequest) -> list[str]:
    return [f"You have no messages, {access_token(request).subject}."]


@websocket("/echo", middleware=[requires("read:messages").around])
async def echo(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    text = await socket.receive_text()
    await socket.send_text(f"{access_token(socket).subject}: {text}")
    await socket.close()


app = JWTBearerMiddleware(
    Litestar([me, messages, echo], logging_config=None),
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=issuer.http_client(),
)

if __name__ == "__main__":
    client = TestClient(app, headers={"Authorization": f"Bearer {issuer.access_token()}"})
    for path in ("/me", "/messages"):
        response = client.get(path)
        print(response.status_code, response.json())
