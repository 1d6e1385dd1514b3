"""No framework: any ASGI callable can be wrapped, and reads the claims from the scope.

What differs from `minimal.py`: the middleware is called with the application, and `around` guards
the part of it that needs scopes. It prints:

    200 {"sub": "auth0|60c7a9f2b1d3e40069f8a2b7"}
    403 {"error": "insufficient_scope", "error_description": "The access token does not grant \
what this request needs"}
"""

import json

from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from asgi_jwks import JWTBearerMiddleware, requires
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()


async def respond(send: Send, value: object) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})


@requires("read:messages").around
async def messages(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await respond(send, [f"You have no messages, {scope['claims']['sub']}."])
        return
    await receive()
    await send({"type": "websocket.accept"})
    text = f"{scope['claims']['sub']}: {(await receive())['text']}"
    await send({"type": "websocket.send", "text": text})
    await send({"type": "websocket.close"})


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] not in {"http", "websocket"}:
        raise RuntimeError("there is nothing to do at start-up")
    if scope["path"] == "/me":
        await respond(send, {"sub": scope["claims"]["sub"]})
    else:
        await messages(scope, receive, send)


app = JWTBearerMiddleware(
    api, issuer=issuer.issuer, audience=issuer.audience, http_client=issuer.http_client()
)

if __name__ == "__main__":
    client = TestClient(app, headers={"Authorization": f"Bearer {issuer.access_token()}"})
    for path in ("/me", "/messages"):
        response = client.get(path)
        print(response.status_code, response.text)
