"""An httpx client whose requests go straight to an ASGI application, without a network.

What lives only here: the one use of httpx in the testing room; it is imported when a client is
asked for. What it does not know: issuers.
"""

import httpx
from starlette.types import ASGIApp

from asgi_jwks.testing.hang_up import HangUp

__all__ = ["client"]


class _InProcess(httpx.ASGITransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except HangUp as error:
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body", request=request
            ) from error


def client(app: ASGIApp, *, base_url: str) -> httpx.AsyncClient:
    """A client of `app`. The network's time limits do not apply; a deadline of the caller does."""
    return httpx.AsyncClient(transport=_InProcess(app), base_url=base_url)
