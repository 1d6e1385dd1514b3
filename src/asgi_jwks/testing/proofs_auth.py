"""`DPoPAuth`: requests with a bound token and a fresh proof each (RFC 9449).

It is for httpx, and for httpx2 where that is installed.
"""

import importlib.util
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Any

import httpx

from asgi_jwks.testing.proofs import ProofKey

__all__ = ["DPoPAuth"]

_Origin = tuple[str, str, int | None]

if TYPE_CHECKING:
    import httpx2

    class _Auth(httpx.Auth, httpx2.Auth):
        """Either library's `Auth`."""

        def auth_flow(self, request: Any) -> Generator[Any, Any, None]: ...
        def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]: ...
        def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]: ...
else:
    # Each asks whether it is an instance of its own class.
    _LIBRARIES = [name for name in ("httpx2", "httpx") if importlib.util.find_spec(name)]
    _Auth = type("_Auth", tuple(importlib.import_module(name).Auth for name in _LIBRARIES), {})


class DPoPAuth(_Auth):
    """The `auth=` of a client: the scheme DPoP, and a proof for each request.

        client = httpx.AsyncClient(auth=DPoPAuth(token, key))

    A nonce of the server is remembered, and a request that was refused for want of one is sent
    again with it, once (RFC 9449, section 8.2).

    Args:
        token: the bound access token, or a function that gives it.
        key: the key that it is bound to.
    """

    def __init__(self, token: str | Callable[[], str], key: ProofKey) -> None:
        self._token = token
        self._key = key
        # By origin: a nonce is that of one server.
        self._nonces: dict[_Origin, str] = {}

    def auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Sign a request; both libraries call it."""
        # A WebSocket begins as a request for the http form of its URL.
        scheme = str(request.url.scheme).replace("ws", "http")
        origin = (scheme, request.url.host, request.url.port)
        before = self._nonces.get(origin)
        self._sign(request, origin, before)
        response = yield request
        nonce = self._remember(origin, response)
        if response.status_code == 401 and nonce is not None and nonce != before:
            self._sign(request, origin, nonce)
            response = yield request
            self._remember(origin, response)

    def _sign(self, request: Any, origin: _Origin, nonce: str | None) -> None:
        token = self._token() if callable(self._token) else self._token
        url = f"{origin[0]}{str(request.url).removeprefix(request.url.scheme)}"
        fields = self._key.headers(request.method, url, token, nonce=nonce)
        request.headers.update(fields)

    def _remember(self, origin: _Origin, response: Any) -> str | None:
        nonce: str | None = response.headers.get("DPoP-Nonce")
        if nonce is not None:
            self._nonces[origin] = nonce
        return nonce
