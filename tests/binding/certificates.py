"""Certificates of clients, made here."""

import base64
import datetime as dt
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from asgi_jwks.testing.compact import segment

__all__ = ["Certificate", "client_certificate"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in the forms in which it travels."""

    der: bytes
    key_pem: bytes = b""

    @property
    def thumbprint(self) -> str:
        return segment(sha256(self.der).digest())

    @property
    def base64(self) -> str:
        return base64.b64encode(self.der).decode()

    @property
    def pem(self) -> str:
        lines = "\n".join(self.base64[i : i + 64] for i in range(0, len(self.base64), 64))
        return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"

    @property
    def escaped(self) -> str:
        return quote(self.pem, safe="")

    @property
    def sha256_hex(self) -> str:
        return sha256(self.der).hexdigest()


def client_certificate(name: str = "client") -> Certificate:
    """A new certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        certificate.public_bytes(Encoding.DER),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
