"""mTLS through a real nginx: a TLS handshake with a certificate, and the field that reaches us."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.support.ports import reserved_port

from asgi_jwks import CertificateField, JWTBearerMiddleware, StaticJWKSet
from asgi_jwks.testing import ClientCertificate, MockIssuer, serve_app

ISSUER = MockIssuer()
SECRET = "8fK2pQx7Lw0ZrT4vYb6Nc1Md"

CONF = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        ssl_verify_client optional_no_ca;
        location / {{
            proxy_pass {upstream};
            proxy_set_header X-Client-Cert $ssl_client_escaped_cert;
            proxy_set_header X-Proxy-Secret {secret};
        }}
    }}
}}
"""


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    app = JWTBearerMiddleware(
        Starlette(routes=[Route("/hello", hello)]),
        issuer=ISSUER.issuer,
        audience=ISSUER.audience,
        keys=StaticJWKSet(ISSUER.jwk_set()),
        certificate_sources=[
            CertificateField(
                "X-Client-Cert",
                encoding="url",
                trusted_proxies=["127.0.0.1"],
                proxy_secret=("X-Proxy-Secret", SECRET),
            )
        ],
    )
    with serve_app(app) as url:
        yield url


@pytest.fixture(scope="module")
def proxy(api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if nginx is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    write(folder, "server", ClientCertificate.generate("localhost"))
    conf = folder / "nginx.conf"
    command = [nginx, "-e", str(folder / "error.log"), "-c", str(conf)]
    with reserved_port() as port:
        conf.write_text(CONF.format(folder=folder, port=port, upstream=api, secret=SECRET))
        yield from answering(command, folder, port)


def answering(command: list[str], folder: Path, port: int) -> Iterator[str]:
    with subprocess.Popen(command) as process:
        give_up_at = time.monotonic() + 30
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
                break
            assert time.monotonic() < give_up_at, (folder / "error.log").read_text()
            assert process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield f"https://127.0.0.1:{port}"
        process.terminate()
        process.wait(30)


def write(folder: Path, name: str, certificate: ClientCertificate) -> tuple[str, str]:
    pem, key = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_text(certificate.pem)
    key.write_bytes(certificate.key_pem)
    return str(pem), str(key)


def answer(
    proxy: str, folder: Path, token: str, certificate: ClientCertificate | None, **headers: str
) -> int:
    # The server's certificate is of nobody: what is tried here is the client's.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        context.load_cert_chain(*write(folder, "client", certificate))
    fields: dict[str, Any] = {"Authorization": f"Bearer {token}", **headers}
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.get(f"{proxy}/hello", headers=fields).status_code


def test_a_handshake_with_the_certificate_proves_the_token(proxy: str, tmp_path: Path) -> None:
    """J1 to J3: nginx takes the certificate from TLS, and writes over what a client sends."""
    mine, his = ClientCertificate.generate("client"), ClientCertificate.generate("thief")
    token = ISSUER.access_token(cnf=mine.confirmation)
    assert answer(proxy, tmp_path, token, mine) == 200
    assert answer(proxy, tmp_path, token, his) == 401
    assert answer(proxy, tmp_path, token, None) == 401
    forged = {"X-Client-Cert": mine.escaped}
    assert answer(proxy, tmp_path, token, his, **forged) == 401
    assert answer(proxy, tmp_path, token, None, **forged) == 401
    assert answer(proxy, tmp_path, ISSUER.access_token(), None) == 200


def test_past_the_proxy_the_field_is_refused(api: str) -> None:
    """J3: a trusted address without the secret proves nothing."""
    certificate = ClientCertificate.generate()
    token = ISSUER.access_token(cnf=certificate.confirmation)
    fields = {"Authorization": f"Bearer {token}", "X-Client-Cert": certificate.escaped}
    assert httpx.get(f"{api}/hello", headers=fields).status_code == 400
