"""FastAPI: the token as a dependency, scopes in the OpenAPI document, and login in Swagger UI.

What differs from `minimal.py`: there is no middleware; each route says that it needs a token, and
which scopes. Routes that do not say so are public. `/docs` has a padlock with which a reader logs
in at the provider, whose URLs are discovered when the application starts. It prints:

    403 scope="read:messages"
    200 ['You have no messages, auth0|60c7a9f2b1d3e40069f8a2b7.']
    https://mock-issuer.example/authorize
"""

from typing import Annotated

from fastapi import Depends, FastAPI, Security, WebSocket
from starlette.testclient import TestClient

from asgi_jwks import AccessToken
from asgi_jwks.integrations.fastapi import AuthorizationCode, JWTBearer
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
http_client = issuer.http_client()

bearer = JWTBearer(
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=http_client,
    login=AuthorizationCode(
        issuer=issuer.issuer,
        http_client=http_client,
        client_id="swagger-ui",
        audience=str(issuer.audience),
        scopes={"read:messages": "Read your messages"},
    ),
)
app = FastAPI()
bearer.attach(app)

# Aliases, so that routes read well.
AnyToken = Annotated[AccessToken, Depends(bearer)]
Reader = Annotated[AccessToken, Security(bearer, scopes=["read:messages"])]


@app.get("/me")
async def me(token: AnyToken) -> dict[str, str | None]:
    return {"sub": token.subject}


@app.get("/messages")
async def messages(token: Reader) -> list[str]:
    return [f"You have no messages, {token.subject}."]


@app.websocket("/echo")
async def echo(websocket: WebSocket, token: Reader) -> None:
    await websocket.accept()
    await websocket.send_text(f"{token.subject}: {await websocket.receive_text()}")
    await websocket.close()


if __name__ == "__main__":
    with TestClient(app) as client:
        client.headers["Authorization"] = f"Bearer {issuer.access_token()}"
        refused = client.get("/messages")
        print(refused.status_code, refused.headers["www-authenticate"].split(", ")[-1])
        token = issuer.access_token(scopes="read:messages")
        client.headers["Authorization"] = f"Bearer {token}"
        accepted = client.get("/messages")
        print(accepted.status_code, accepted.json())
        scheme = client.get("/openapi.json").json()["components"]["securitySchemes"]["JWTBearer"]
        print(scheme["flows"]["authorizationCode"]["authorizationUrl"])
