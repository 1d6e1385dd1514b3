"""FastAPI: the access token as a security dependency, with or without the middleware."""

from asgi_jwks.integrations.fastapi.dependency import JWTBearer
from asgi_jwks.integrations.fastapi.login import AuthorizationCode, OpenIDConnect, PastedToken

__all__ = ["AuthorizationCode", "JWTBearer", "OpenIDConnect", "PastedToken"]
