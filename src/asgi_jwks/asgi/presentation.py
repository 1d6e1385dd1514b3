"""From a connection to the parts of it that prove whose token it is.

Nothing is decided here. Neither Host nor Forwarded nor X-Forwarded-* is read.
"""

from typing import Final
from urllib.parse import quote

from asgi_jwks.asgi.token_sources import uses_dpop
from asgi_jwks.asgi.types import Message, Scope, Send
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.binding.target_uri import normal_path

__all__ = ["DPOP_NONCE", "presentation_of", "send_with_nonce"]

DPOP_NONCE: Final = "asgi_jwks.dpop_nonce"
"""The scope key of the nonce that a good answer has to tell."""

_USED: Final = "asgi_jwks.used_proofs"
"""The scope key of the uses of proofs that were noted for this connection."""

_FIELD: Final = b"dpop-nonce"
_CACHING: Final = b"cache-control"

# RFC 3986, section 3.3: whatever may stand in a path as it is.
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~"

_STARTS: Final = frozenset(
    {"http.response.start", "websocket.accept", "websocket.http.response.start"}
)


def presentation_of(scope: Scope) -> ProofOfPossession:
    """The parts of a connection that prove the possession of a key or a certificate."""
    client = scope.get("client")
    extensions = scope.get("extensions") or {}
    return ProofOfPossession.received(
        # RFC 6455, section 4.1: the request that opens a WebSocket is a GET.
        method=scope.get("method", "GET"),
        path=_path(scope),
        fields=scope["headers"],
        uses_dpop=uses_dpop(scope),
        client=client[0] if client else None,
        tls=extensions.get("tls"),
        used=scope.setdefault(_USED, set()),
    )


def send_with_nonce(send: Send, nonce: str) -> Send:
    """A `send` that tells a nonce for the next proof (RFC 9449, section 8.2).

    The answer is not to be stored, unless the application says itself how it may be.
    """

    async def send_message(message: Message) -> None:
        if message["type"] in _STARTS:
            fields = message.get("headers") or ()
            names = {name.lower() for name, _ in fields}
            # RFC 9449, section 8.1: never two of them; an application behind may have its own.
            if _FIELD not in names:
                added = [(_FIELD, nonce.encode())]
                # RFC 9449, section 8.2: a cached answer would tell a nonce of long ago.
                if _CACHING not in names:
                    added.append((_CACHING, b"no-store"))
                message = {**message, "headers": [*fields, *added]}
        await send(message)

    return send_message


def _path(scope: Scope) -> bytes:
    """The path as it was sent, without the part that the application is mounted at."""
    raw = scope.get("raw_path")
    path: bytes = quote(scope["path"], _PATH_CHARACTERS).encode() if raw is None else raw
    root = quote(scope.get("root_path") or "", _PATH_CHARACTERS).encode().rstrip(b"/")
    if not root or _is_below(path, root):
        return path[len(root) :]
    # The server has decoded it to find the mount point: another spelling of it is the same one.
    try:
        normal = normal_path(path.partition(b"?")[0].decode("ascii")).encode()
    except ValueError:
        return path
    return normal[len(root) :] if _is_below(normal, root) else path


def _is_below(path: bytes, root: bytes) -> bool:
    return path == root or path.startswith((root + b"/", root + b"?"))
