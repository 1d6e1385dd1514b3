"""FastAPI behind the middleware: nothing is public unless it is said so, in one place.

What differs from `fastapi_app.py`: the middleware verifies the token, and `JWTBearer()` without an
issuer takes that token, so nothing is verified or configured twice. It prints:

    200 public
    401 {'error': 'missing_token', 'error_description': 'A Bearer access token is required'}
    200 ['You have no messages, auth0|60c7a9f2b1d3e40069f8a2b7.']
"""

from typing import Annotated

from fastapi import Depends, FastAPI, Security, WebSocket
from starlette.testclient import TestClient

from asgi_jwks import AccessToken, JWTBearerMiddleware
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()

bearer = JWTBearer()
app = FastAPI()
app.add_middleware(
    JWTBearerMiddleware.configured(
        issuer=issuer.issuer,
        audience=issuer.audience,
        http_client=issuer.http_client(),
        public_paths=["/health", "/docs", "/docs/oauth2-redirect", "/openapi.json"],
    )
)
bearer.attach(app)


@app.get("/health")
async def health() -> str:
    return "public"


@app.get("/me")
async def me(token: Annotated[AccessToken, Depends(bearer)]) -> dict[str, str | None]:
    return {"sub": token.subject}


@app.get("/messages")
async def messages(
    token: Annotated[AccessToken, Security(bearer, scopes=["read:messages"])],
) -> list[str]:
    return [f"You have no messages, {token.subject}."]


@app.websocket("/echo")
async def echo(
    websocket: WebSocket, token: Annotated[AccessToken, Security(bearer, scopes=["read:messages"])]
) -> None:
    await websocket.accept()
    await websocket.send_text(f"{token.subject}: {await websocket.receive_text()}")
    await websocket.close()


if __name__ == "__main__":
    client = TestClient(app)
    print(client.get("/health").status_code, client.get("/health").json())
    print(client.get("/messages").status_code, client.get("/messages").json())
    token = issuer.access_token(scopes="read:messages")
    accepted = client.get("/messages", headers={"Authorization": f"Bearer {token}"})
    print(accepted.status_code, accepted.json())
