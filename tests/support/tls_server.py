"""An https server on loopback, and a certificate for it that nobody vouches for."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.raw_server import HEAD

__all__ = ["self_signed", "serving_tls"]

# Seconds that a client may take for its next octets, on a very busy machine.
_PATIENCE = 30.0


def self_signed(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (directory / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (directory / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return directory / "cert.pem", directory / "key.pem"


@contextmanager
def serving_tls(certificate: Path, key: Path) -> Iterator[str]:
    """An https server on loopback that answers every request with `{}`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    over = threading.Event()

    def serve(listening: socket.socket) -> None:
        while not over.is_set():
            connection, _ = listening.accept()
            # A client that does not trust it hangs up.
            with connection, suppress(OSError):
                connection.settimeout(_PATIENCE)
                with context.wrap_socket(connection, server_side=True) as secured:
                    _answer(secured)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        thread = threading.Thread(target=serve, args=[listening])
        thread.start()
        try:
            yield f"https://127.0.0.1:{address[1]}/keys"
        finally:
            over.set()
            # One more connection, for which it waits.
            socket.create_connection(address).close()
            thread.join(_PATIENCE)


def _answer(connection: ssl.SSLSocket) -> None:
    asked = b""
    while not asked.endswith(b"\r\n\r\n"):
        asked += (received := connection.recv(65_536))
        if not received:
            return
    connection.sendall(HEAD + b"content-length: 2\r\nconnection: close\r\n\r\n{}")
