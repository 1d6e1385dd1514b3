"""The registration endpoint: clients that register by themselves (RFC 7591)."""

import json
import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse

from asgi_jwks.testing.provider.authority import Authority
from asgi_jwks.testing.provider.client_metadata import authentication_method, read_client
from asgi_jwks.testing.provider.oauth_endpoint import NO_STORE, OAuthEndpoint, Refused

__all__ = ["RegistrationEndpoint"]


class RegistrationEndpoint(OAuthEndpoint):
    """Registers any client whose metadata is right: a POST of a JSON object.

    A client that names no way to authenticate gets a secret, as RFC 7591, section 2 has it.
    """

    def __init__(self, issuer: Authority) -> None:
        super().__init__(clock=issuer.clock)
        self._issuer = issuer

    async def respond(self, request: Request) -> JSONResponse:
        """The client information, or an error (RFC 7591, sections 3.2.1 and 3.2.2)."""
        try:
            information = self._registered(_metadata(await request.body()))
        except Refused as refused:
            return JSONResponse(refused.members(), 400, NO_STORE)
        return JSONResponse(self.bent(information), 201, NO_STORE)

    def _registered(self, metadata: dict[str, object]) -> dict[str, object]:
        method = authentication_method(metadata)
        secret = None if method == "none" else secrets.token_urlsafe(32)
        client = read_client(metadata, client_id=secrets.token_urlsafe(16), secret=secret)
        self.accept()
        self._issuer.clients[client.client_id] = client
        information = {
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            **metadata,
            "token_endpoint_auth_method": method,
            "client_id": client.client_id,
            "client_id_issued_at": int(self._issuer.clock()),
        }
        if secret is not None:
            information |= {"client_secret": secret, "client_secret_expires_at": 0}
        return information


def _metadata(body: bytes) -> dict[str, object]:
    try:
        metadata = json.loads(body)
    # The latter of brackets within brackets.
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict):
        raise Refused("invalid_client_metadata", "send a JSON object")
    return metadata
