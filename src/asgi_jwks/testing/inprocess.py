"""An httpx client whose requests go straight to an ASGI application, without a network.

The one use of httpx in this room; it is imported when a client is asked for.
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
    """A client of `app`, without the time limits of a network.

    A deadline of the caller holds.
    """
    return httpx.AsyncClient(transport=_InProcess(app), base_url=base_url)
