"""Where the certificate of a client is taken from: explicit objects, none by default.

Each knows one way in which servers and proxies hand a certificate on.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, get_args

from asgi_jwks._options import require_text
from asgi_jwks.binding.certificate import (
    malformed,
    thumbprint_of_base64,
    thumbprint_of_der,
    thumbprint_of_pem,
    thumbprint_of_url_encoded_pem,
)
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.binding.proxies import BelievedProxies
from asgi_jwks.binding.xfcc import thumbprint_of_xfcc
from asgi_jwks.errors import ConfigurationError

__all__ = [
    "CertificateField",
    "CertificateSource",
    "ClientCertField",
    "EnvoyXFCC",
    "TLSExtension",
    "certificate_of",
]

# RFC 9110, section 5.1.
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

Encoding = Literal["pem", "url", "base64"]

_ENCODINGS: Final = {
    "pem": thumbprint_of_pem,
    "url": thumbprint_of_url_encoded_pem,
    "base64": thumbprint_of_base64,
}


class CertificateSource(Protocol):
    """A way in which the certificate of a client comes with a request."""

    def find_certificate(self, request: ProofOfPossession) -> str | None:
        """The thumbprint of the certificate, `x5t#S256`; None if there is not one.

        Raises:
            InvalidRequest: it cannot be read, or does not come from whom it should.
        """
        ...


class TLSExtension:
    """The certificate that the server itself took from the TLS connection (ASGI TLS extension).

    Both forms of the extension are read: `client_cert_chain`, certificates in PEM of which the
    first is the client's, and `client_cert`, one in DER.
    """

    def find_certificate(self, request: ProofOfPossession) -> str | None:
        """The thumbprint of the certificate of the connection, if the client has sent one."""
        tls = request.tls
        if tls is None:
            return None
        # The handshake went on although the certificate was not accepted.
        if tls.get("client_cert_error"):
            raise malformed("the server did not accept it")
        found = {thumbprint for form in (_chain, _der) if (thumbprint := form(tls)) is not None}
        if len(found) > 1:
            raise malformed("the server names two certificates")
        return found.pop() if found else None

    def __repr__(self) -> str:
        return "TLSExtension()"


def _chain(tls: Mapping[str, Any]) -> str | None:
    for pem in tls.get("client_cert_chain") or ():
        if not isinstance(pem, str):
            raise malformed("not a string in client_cert_chain")
        return thumbprint_of_pem(pem.encode("utf-8", "surrogatepass"))
    return None


def _der(tls: Mapping[str, Any]) -> str | None:
    der = tls.get("client_cert")
    if der is None:
        return None
    if not isinstance(der, bytes):
        raise malformed("client_cert is not bytes")
    return thumbprint_of_der(der)


class _Field:
    """A header field that proxies in front write."""

    def __init__(
        self,
        name: str,
        trusted_proxies: str | Iterable[str] | None,
        proxy_secret: tuple[str, str] | None,
        read: Callable[[bytes], str],
    ) -> None:
        self.name: Final = name
        self._read: Final = read
        self._name: Final = name.lower().encode()
        self._proxies: Final = BelievedProxies(trusted_proxies, proxy_secret)

    def find_certificate(self, request: ProofOfPossession) -> str | None:
        """The thumbprint of the certificate in the field, if the request has the field."""
        values = request.values(self._name)
        if not values:
            return None
        self._proxies.check(request.client, request.fields)
        if len(values) > 1:
            raise malformed(f"two fields {self.name}")
        value = values[0].strip(b" \t")
        # nginx and others send the field empty where the client has no certificate.
        return self._read(value) if value else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class ClientCertField(_Field):
    """The field `Client-Cert` of RFC 9440: a certificate in DER as a byte sequence.

    Args:
        trusted_proxies: whom it is believed from: addresses, networks, "unix".
        proxy_secret: a field and the secret that the proxy writes into it.

    Raises:
        ConfigurationError: neither is given, or one is wrong.
    """

    def __init__(
        self,
        *,
        trusted_proxies: str | Iterable[str] | None = None,
        proxy_secret: tuple[str, str] | None = None,
    ) -> None:
        super().__init__("Client-Cert", trusted_proxies, proxy_secret, _of_byte_sequence)


def _of_byte_sequence(value: bytes) -> str:
    # RFC 8941, section 3.3.5. A list of them, or parameters, is not what RFC 9440 defines.
    if value[:1] != b":" or value[-1:] != b":":
        raise malformed("not a byte sequence between colons")
    # Section 4.2.7: the padding may be missing.
    text = value[1:-1]
    return thumbprint_of_base64(text if b"=" in text else text + b"=" * (-len(text) % 4))


class CertificateField(_Field):
    """A field of a given name, with the certificate in a given encoding.

    Args:
        name: the name of the field.
        encoding: "url" for PEM that is percent-encoded (nginx `$ssl_client_escaped_cert`, AWS),
            "base64" for DER in base64 (HAProxy `ssl_c_der`, Traefik), "pem" for PEM whose line
            ends have become spaces or tabs (Apache).
        trusted_proxies: whom it is believed from: addresses, networks, "unix".
        proxy_secret: a field and the secret that the proxy writes into it.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(
        self,
        name: str,
        *,
        encoding: Encoding,
        trusted_proxies: str | Iterable[str] | None = None,
        proxy_secret: tuple[str, str] | None = None,
    ) -> None:
        require_text("name", name, example="X-Client-Cert")
        if not _FIELD_NAME.fullmatch(name):
            raise ConfigurationError(
                f"name must be the name of a header field; got {name!r}. Write for example "
                'CertificateField("X-Client-Cert", encoding="url", trusted_proxies=[...]).'
            )
        if encoding not in get_args(Encoding):
            raise ConfigurationError(
                f'encoding must be "url", "base64" or "pem"; got {encoding!r}.'
            )
        super().__init__(name, trusted_proxies, proxy_secret, _ENCODINGS[encoding])


class EnvoyXFCC(_Field):
    """Envoy's field `X-Forwarded-Client-Cert`, with one element that has `Hash` or `Cert`.

    Envoy must be set to `SANITIZE_SET`: other settings let through elements that clients wrote.

    Args:
        trusted_proxies: whom it is believed from: addresses, networks, "unix".
        proxy_secret: a field and the secret that the proxy writes into it.

    Raises:
        ConfigurationError: neither is given, or one is wrong.
    """

    def __init__(
        self,
        *,
        trusted_proxies: str | Iterable[str] | None = None,
        proxy_secret: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(
            "X-Forwarded-Client-Cert", trusted_proxies, proxy_secret, thumbprint_of_xfcc
        )


def certificate_of(sources: Sequence[CertificateSource], request: ProofOfPossession) -> str | None:
    """The thumbprint of the client's certificate, by whichever source has it.

    Raises:
        InvalidRequest: one cannot be read, or two differ.
    """
    found = {t for source in sources if (t := source.find_certificate(request)) is not None}
    if len(found) > 1:
        raise malformed("two sources have different certificates")
    return found.pop() if found else None
