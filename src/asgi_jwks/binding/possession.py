"""`ProofOfPossession`: the parts of a request that prove who presents its token.

Everything is a value that the caller took from the request; nothing is taken from Host, Forwarded
or X-Forwarded-*.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Self

from asgi_jwks.binding.target_uri import PublicOrigin, TargetURIError, normal_target_uri
from asgi_jwks.errors import ConfigurationError

__all__ = ["ProofOfPossession"]

Field = tuple[bytes, bytes]

_SCHEMES: Final = {"bearer": False, "dpop": True}


class ProofOfPossession:
    """The parts of a request that prove the possession of a key or a certificate.

        proof = ProofOfPossession(
            method="GET", url="/messages", fields=request.headers.items(), scheme="DPoP"
        )
        token = await verifier.verify(text, proof=proof)

    Args:
        method: the method of the request; "GET" for a WebSocket.
        url: the path of the request as it was sent, still encoded, to which the public origin of
            `DPoP` belongs; or the whole URL, which counts only if it is of that origin.
        fields: the header fields of the request, names and values, each as often as it came.
        scheme: the scheme of its Authorization field, "DPoP" or "Bearer".
        client: the address that the request came from, for sources of certificates that believe
            certain proxies; None where it came by a Unix socket.
        tls: the contents of ASGI's TLS extension, for TLSExtension.

    Raises:
        ConfigurationError: a value is of the wrong type.
    """

    __slots__ = ("_target", "client", "fields", "method", "new_nonce", "tls", "used", "uses_dpop")

    def __init__(
        self,
        *,
        method: str,
        url: str,
        fields: Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]],
        scheme: str = "DPoP",
        client: str | None = None,
        tls: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(method, str) or not isinstance(url, str):
            raise ConfigurationError(
                f"method and url are strings; got {method!r} and {url!r}. Write for example "
                'ProofOfPossession(method="GET", url="/messages", fields=request.headers.items()).'
            )
        if not isinstance(scheme, str) or scheme.lower() not in _SCHEMES:
            raise ConfigurationError(f'scheme is "DPoP" or "Bearer"; got {scheme!r}.')
        self.method = method
        self._target: bytes | str = (
            url.encode("utf-8", "surrogatepass") if url.startswith("/") else url
        )
        self.fields: Sequence[Field] = _fields(fields)
        self.uses_dpop = _SCHEMES[scheme.lower()]
        self.client = client
        self.tls = tls
        self.used: set[tuple[int, bytes]] | None = None
        """The uses of proofs that were noted for one connection, of which several guards know."""
        self.new_nonce: str | None = None
        """After the verification, a nonce for the DPoP-Nonce field of a good answer."""

    @classmethod
    def received(
        cls,
        *,
        method: str,
        path: bytes,
        fields: Sequence[Field],
        uses_dpop: bool,
        client: str | None,
        tls: Mapping[str, Any] | None,
        used: set[tuple[int, bytes]],
    ) -> Self:
        """A request as a server has read it.

        Names of fields are in lower case.
        """
        made = cls.__new__(cls)
        made.method, made._target, made.fields = method, path, fields
        made.uses_dpop, made.client, made.tls, made.new_nonce = uses_dpop, client, tls, None
        made.used = used
        return made

    def values(self, name: bytes) -> list[bytes]:
        """The values of all fields of a name, which is in lower case."""
        return [value for field, value in self.fields if field == name]

    def targets(self, origins: Sequence[PublicOrigin]) -> list[str]:
        """The normal target URIs that the request may have been sent to.

        There is none if it has no path.
        """
        target = self._target
        try:
            if isinstance(target, bytes):
                return [origin.target(target) for origin in origins]
            whole = normal_target_uri(target)
        except TargetURIError:
            return []
        return [whole] if any(f"{whole}/".startswith(f"{o.text}/") for o in origins) else []

    def __repr__(self) -> str:
        # The fields hold credentials.
        return f"ProofOfPossession(method={self.method!r}, ...)"


def _fields(fields: Any) -> Sequence[Field]:
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    try:
        return [(_octets(name).lower(), _octets(value)) for name, value in pairs]
    except (TypeError, ValueError, AttributeError):
        raise ConfigurationError(
            "fields are the names and values of the request's header fields, such as "
            'request.headers.items() or [("DPoP", "...")].'
        ) from None


def _octets(text: Any) -> bytes:
    octets: bytes = text if isinstance(text, bytes) else text.encode("latin-1")
    return octets
