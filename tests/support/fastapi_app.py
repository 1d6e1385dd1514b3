"""A FastAPI application with a guarded route of each kind, and its provider."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Security, WebSocket

from asgi_jwks import AccessToken, TrustedIssuer
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer

__all__ = ["SUBJECT", "application", "headers", "trusted"]

SUBJECT = "auth0|60c7a9f2b1d3e40069f8a2b7"
"""The subject of a MockIssuer's tokens."""


def trusted(issuer: MockIssuer, **options: Any) -> TrustedIssuer:
    """The issuer, whose keys are fetched without a network."""
    return TrustedIssuer(
        issuer=issuer.issuer,
        audience=str(issuer.audience),
        http_client=issuer.http_client(),
        **options,
    )


def headers(issuer: MockIssuer, **token: Any) -> dict[str, str]:
    """The header of a request with a token of the issuer."""
    return {"Authorization": f"Bearer {issuer.access_token(**token)}"}


def application(bearer: JWTBearer, **options: Any) -> FastAPI:
    """Routes that need a token, a scope and nothing; a WebSocket that needs a scope."""
    app = FastAPI(**options)

    @app.get("/me")
    async def me(token: Annotated[AccessToken, Depends(bearer)]) -> Any:
        return token.subject

    @app.get("/read")
    async def read(token: Annotated[AccessToken, Security(bearer, scopes=["read"])]) -> Any:
        return token.subject

    @app.get("/public")
    async def public() -> str:
        return "public"

    @app.websocket("/socket")
    async def socket(
        websocket: WebSocket, token: Annotated[AccessToken, Security(bearer, scopes=["read"])]
    ) -> None:
        await websocket.accept("bearer" if websocket["subprotocols"] else None)
        await websocket.send_text(token.subject or "")
        await websocket.close()

    return app
