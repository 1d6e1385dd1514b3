"""Client certificates as they are written into values, and their thumbprints (RFC 8705).

Whatever is not exactly one certificate is refused. The chain and the validity of a certificate are
for whoever ended the TLS connection: a bound token says by itself which certificate it is good for.
"""

import binascii
import re
from hashlib import sha256
from typing import Final
from urllib.parse import unquote_to_bytes

from asgi_jwks.errors import InvalidRequest, Reason
from asgi_jwks.jose.encoding import b64url_encode

__all__ = [
    "MAX_CERTIFICATE_BYTES",
    "malformed",
    "thumbprint_of_base64",
    "thumbprint_of_der",
    "thumbprint_of_hex",
    "thumbprint_of_pem",
    "thumbprint_of_url_encoded_pem",
]

# A client certificate has 1 to 4 KB; requirement J4.
MAX_CERTIFICATE_BYTES: Final = 16 * 1024

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"
_SHA256_HEX: Final = re.compile(rb"[0-9A-Fa-f]{64}")
_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def thumbprint_of_der(der: bytes) -> str:
    """The `x5t#S256` of a certificate in DER (RFC 8705, section 3.1).

    Raises InvalidRequest if it is not one certificate, or is larger than 16 KiB.
    """
    # Imported late: slow, and for whoever has certificates alone.
    from cryptography.x509 import load_der_x509_certificate

    _check_size(der)
    try:
        load_der_x509_certificate(der)
    except ValueError:
        raise malformed("not one certificate in DER") from None
    return b64url_encode(sha256(der).digest())


def thumbprint_of_pem(pem: bytes) -> str:
    """The thumbprint of a certificate in PEM (RFC 7468): one block, and nothing beside it.

    Its line ends may have become spaces or tabs, as in a header field.
    """
    _check_size(pem)
    text = pem.strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise malformed("not one certificate in PEM")
    return thumbprint_of_base64(b"".join(text[len(_BEGIN) : -len(_END)].split()))


def thumbprint_of_url_encoded_pem(text: bytes) -> str:
    """The thumbprint of a certificate in PEM, percent-encoded."""
    _check_size(text)
    if _BROKEN_ESCAPE.search(text):
        raise malformed("not percent-encoded")
    return thumbprint_of_pem(unquote_to_bytes(text))


def thumbprint_of_base64(text: bytes) -> str:
    """The thumbprint of a certificate in DER, in base64 with padding (RFC 4648, section 4)."""
    _check_size(text)
    try:
        der = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise malformed("not base64") from None
    return thumbprint_of_der(der)


def thumbprint_of_hex(text: bytes) -> str:
    """The thumbprint that a proxy has computed, in hexadecimal digits."""
    if not _SHA256_HEX.fullmatch(text):
        raise malformed("not a SHA-256 in hexadecimal digits")
    return b64url_encode(bytes.fromhex(text.decode("ascii")))


def malformed(detail: str) -> InvalidRequest:
    """The refusal of a certificate that cannot be read."""
    return InvalidRequest(Reason.MALFORMED_CERTIFICATE, detail)


def _check_size(octets: bytes) -> None:
    if len(octets) > MAX_CERTIFICATE_BYTES:
        raise malformed(f"larger than {MAX_CERTIFICATE_BYTES} bytes")
