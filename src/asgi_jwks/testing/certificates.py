"""Certificates of clients for mTLS, in the forms in which they travel (RFC 8705)."""

import base64
import datetime as dt
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from asgi_jwks.testing.compact import segment

__all__ = ["ClientCertificate"]


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate that signs itself, and its private key.

        certificate = ClientCertificate.generate()
        token = issuer.access_token(cnf=certificate.confirmation)

    `der` is the certificate, `key_pem` its private key in PEM (PKCS #8).
    """

    der: bytes
    key_pem: bytes = field(default=b"", repr=False)

    @classmethod
    def generate(cls, name: str = "client") -> Self:
        """A new certificate of this common name, valid from yesterday to tomorrow."""
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
        return cls(
            certificate.public_bytes(Encoding.DER),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    @property
    def thumbprint(self) -> str:
        """The SHA-256 of the certificate, base64url."""
        return segment(sha256(self.der).digest())

    @property
    def confirmation(self) -> dict[str, str]:
        """The claim `cnf` of a token bound to it (RFC 8705, section 3.1)."""
        return {"x5t#S256": self.thumbprint}

    @property
    def base64(self) -> str:
        """The DER in base64 with padding."""
        return base64.b64encode(self.der).decode()

    @property
    def client_cert(self) -> str:
        """The content of the field `Client-Cert` (RFC 9440, section 2.2)."""
        return f":{self.base64}:"

    @property
    def pem(self) -> str:
        """The certificate in PEM."""
        lines = "\n".join(self.base64[i : i + 64] for i in range(0, len(self.base64), 64))
        return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"

    @property
    def escaped(self) -> str:
        """The PEM, percent-encoded, as nginx hands it on."""
        return quote(self.pem, safe="")

    @property
    def sha256_hex(self) -> str:
        """The SHA-256 of the certificate in hexadecimal digits, as Envoy hands it on."""
        return sha256(self.der).hexdigest()
