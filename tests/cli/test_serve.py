import os
import signal
import subprocess
import sys
from collections.abc import Callable
from threading import Timer
from typing import Any

import httpx
import pytest
import uvicorn
from tests.support.cli_schema import validated
from tests.support.ports import reserved_port

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.cli import main
from asgi_jwks.cli.no_tls import no_tls
from asgi_jwks.testing import MockIssuer

Module = Callable[[str], str]
ISSUER = ["--issuer", "https://example.eu.auth0.com/", "--audience", "https://api.example.com"]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What uvicorn was asked to serve."""
    asked: dict[str, Any] = {}

    def run(app: object, **options: object) -> None:
        asked.update(options, app=app)

    monkeypatch.setattr(uvicorn, "run", run)
    return asked


def test_an_application_is_served_behind_the_middleware(
    module: Module, served: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 15: serve module:app, with no code changed."""
    argv = ["serve", module("bare"), *ISSUER, "--port", "8123", "--realm", "my-realm"]
    assert main(argv) == 0
    assert isinstance(served["app"], JWTBearerMiddleware)
    assert (served["host"], served["port"]) == ("127.0.0.1", 8123)
    (issuer,) = served["app"].verifier.issuers
    assert issuer.rules.issuer == "https://example.eu.auth0.com/"
    text = capsys.readouterr().out
    assert "on http://127.0.0.1:8123 takes the tokens of https://example.eu.auth0.com/" in text


def test_an_address_of_ipv6_stands_in_brackets(
    module: Module, served: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """RFC 3986, section 3.2.2."""
    assert main(["serve", module("bare"), *ISSUER, "--host", "::1"]) == 0
    assert served["host"] == "::1"
    assert "on http://[::1]:8000 takes" in capsys.readouterr().out


def test_the_json_says_where_it_is_served(
    module: Module, served: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: the JSON is as the schema says."""
    assert main(["serve", module("bare"), *ISSUER, "--json"]) == 0
    told = validated(capsys.readouterr().out)
    assert told["url"] == "http://127.0.0.1:8000"
    assert told["issuers"] == ["https://example.eu.auth0.com/"]


def test_a_server_that_cannot_start_is_a_sentence(
    module: Module, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: object, **__: object) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(uvicorn, "run", run)
    assert main(["serve", module("bare"), *ISSUER]) == 2
    assert "could not be served" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("app", "words"),
    [
        ("number", "is not an ASGI application; it is a int"),
        ("nothing", "has no nothing"),
    ],
)
def test_a_wrong_name_is_wrong_use(
    app: str, words: str, module: Module, capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: wrong use is status 3."""
    assert main(["serve", module(app), *ISSUER]) == 3
    assert words in " ".join(capsys.readouterr().err.split())


def test_it_answers_over_sockets_until_ctrl_c(module: Module) -> None:
    """Issue 15: configured by the environment, as it is deployed."""
    issuer = MockIssuer(algorithm="RS256")
    with reserved_port() as port:
        check_a_server(issuer, module("bare"), port)


def check_a_server(issuer: MockIssuer, app: str, port: int) -> None:
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from asgi_jwks.cli import main; "
        f"sys.exit(main(['serve', {app!r}, '--port', '{port}']))"
    )
    with issuer.serve() as url:
        variables = {"ASGI_JWKS_ISSUER": url, "ASGI_JWKS_AUDIENCE": str(issuer.audience)}
        with subprocess.Popen(
            [sys.executable, "-c", code],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **variables},
        ) as serving:
            limit = Timer(60, serving.kill)
            limit.start()
            try:
                assert serving.stderr is not None
                for line in serving.stderr:
                    if "Uvicorn running" in line:
                        break
                api = f"http://127.0.0.1:{port}/"
                with httpx.Client(trust_env=False, verify=no_tls()) as client:
                    assert client.get(api).status_code == 401
                    good = client.get(api, headers=issuer.auth_headers(sub="auth0|7"))
                serving.send_signal(signal.SIGINT)
                serving.stderr.read()
                status = serving.wait()
            finally:
                serving.kill()
                limit.cancel()
                limit.join()
    assert good.json() == {"sub": "auth0|7"}
    assert status in {0, 130}
