"""Quart: wrapped as any ASGI application, scopes demanded in the views.

What differs from `minimal.py`: an error handler gives the middleware's answer to what the views
raise. It prints:

    200 {'sub': 'auth0|60c7a9f2b1d3e40069f8a2b7'}
    403 {'error': 'insufficient_scope', 'error_description': 'The access token does not grant \
what this request needs'}
"""

from typing import cast

from quart import Quart, Response, has_websocket_context, request, websocket
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, RequestError, access_token, requires
from asgi_jwks.asgi.guards import refusal_of
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
api = Quart(__name__)
reading = requires("read:messages")


@api.get("/me")
async def me() -> dict[str, str | None]:
    return {"sub": access_token(request.scope).subject}


@api.get("/messages")
async def messages() -> list[str]:
    reading.check_scope(request.scope)
    return [f"You have no messages, {access_token(request.scope).subject}."]


@api.websocket("/echo")
async def echo() -> None:
    reading.check_scope(websocket.scope)
    text = cast("str", await websocket.receive())
    await websocket.send(f"{access_token(websocket.scope).subject}: {text}")


@api.errorhandler(RequestError)
async def refuse(error: RequestError) -> Response:
    if has_websocket_context():
        # A server that cannot answer a WebSocket with a response closes it; 1008 says why.
        if "websocket.http.response" not in websocket.scope.get("extensions", {}):
            await websocket.close(1008)
        refusal = refusal_of(websocket.scope, error)
    else:
        refusal = refusal_of(request.scope, error)
    response = Response(refusal.body, refusal.status)
    response.headers.update({n.decode(): v.decode() for n, v in refusal.headers})
    return response


app = JWTBearerMiddleware(
    api, issuer=issuer.issuer, audience=issuer.audience, http_client=issuer.http_client()
)

if __name__ == "__main__":
    client = TestClient(app, headers={"Authorization": f"Bearer {issuer.access_token()}"})
    for path in ("/me", "/messages"):
        response = client.get(path)
        print(response.status_code, response.json())
