import importlib
import json
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse
from tests.support.cli_schema import validated

from asgi_jwks.cli import main
from asgi_jwks.testing import serve_app

ISSUER = importlib.import_module("asgi_jwks.cli.issuer")

Told = list[dict[str, Any]]


def while_it_runs(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    look: Callable[[dict[str, Any]], object],
) -> None:
    """Look at what the command has told, while its servers run, and then press Ctrl-C."""

    def wait() -> None:
        look(validated(capsys.readouterr().out))
        raise KeyboardInterrupt

    monkeypatch.setattr(ISSUER, "wait", wait)


def test_the_issuer_answers_until_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 15: the mock issuer alone; O3: its JSON is as the schema says."""
    seen: Told = []

    def look(told: dict[str, Any]) -> None:
        seen.append(told)
        assert httpx.get(told["jwks_uri"], trust_env=False).json()["keys"]
        assert httpx.get(told["console"], trust_env=False).status_code == 200

    while_it_runs(monkeypatch, capsys, look)
    assert main(["issuer", "--json", "--algorithm", "ES256"]) == 0
    (told,) = seen
    assert told["issuer"] == told["url"]
    assert told["audiences"] == ["https://api.example.com"]
    assert capsys.readouterr().err == "Stopped.\n"
    with pytest.raises(httpx.ConnectError):
        httpx.get(told["jwks_uri"], trust_env=False)


def test_faults_and_a_name_of_its_own_by_option_and_a_token_of_it_is_accepted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 15: with faults by option, and `token` mints from it."""

    def look(told: dict[str, Any]) -> None:
        assert httpx.get(f"{told['url']}.well-known/openid-configuration").status_code == 503
        origin, _, secret = told["console"].partition("/?token=")
        assert main(["token", "--console", told["console"], "--scopes", "read:messages"]) == 0
        token = capsys.readouterr().out.strip()
        sent = httpx.post(
            f"{origin}/send",
            json={"token": token, "path": "/messages"},
            headers={"x-console-token": secret},
        ).json()
        # The API behind the console knows where the keys are.
        assert sent["status"] == 200

    while_it_runs(monkeypatch, capsys, look)
    argv = ["--issuer", "https://idp.example/", "--audience", "a", "--audience", "b"]
    more = [
        "--fault",
        "discovery:fail:503",
        "--cache-control",
        "max-age=60",
        "--algorithm",
        "EdDSA",
    ]
    assert main(["issuer", "--json", *argv, *more]) == 0


def test_without_a_console_the_faults_are_put_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(told: dict[str, Any]) -> None:
        assert told["console"] is None
        assert told["faults"] == ["jwks:fail:500"]
        assert httpx.get(told["jwks_uri"], trust_env=False).status_code == 500

    while_it_runs(monkeypatch, capsys, look)
    assert main(["issuer", "--json", "--no-console", "--fault", "jwks:fail"]) == 0


def test_its_user_and_its_client_may_ask_for_the_scopes_of_an_api(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 15: so that a client of an API that needs scopes can log in."""

    def look(told: dict[str, Any]) -> None:
        for form in (
            {"grant_type": "password", "username": "alice", "password": "wonderland"},
            {"grant_type": "client_credentials", "client_id": "mock-client"},
        ):
            form |= {"client_secret": "mock-secret", "scope": "mcp:tools orders:write"}
            answer = httpx.post(f"{told['url']}oauth/token", data=form, trust_env=False)
            assert answer.json()["scope"] == "mcp:tools orders:write"

    while_it_runs(monkeypatch, capsys, look)
    scopes = ["--scopes", "mcp:tools orders:write"]
    assert main(["issuer", "--json", "--algorithm", "ES256", "--no-console", *scopes]) == 0


def test_its_text_has_lines_to_paste(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ISSUER, "wait", lambda: None)
    assert main(["issuer", "--algorithm", "ES256", "--fault", "jwks:hang"]) == 0
    text = capsys.readouterr().out
    assert "export ASGI_JWKS_ISSUER=http://127.0.0.1:" in text
    assert "\nfault     jwks:hang\n" in text
    assert "\nexport MOCK_ISSUER_CONSOLE='http://127.0.0.1:" in text
    assert text.endswith("\n\nasgi-jwks token\n\nPress Ctrl-C to stop.\n")
    assert main(["issuer", "--algorithm", "ES256", "--no-console"]) == 0
    assert "console" not in capsys.readouterr().out


def test_a_taken_port_and_a_fault_that_is_not_one_are_sentences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """O3: status 2 and 3."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["issuer", "--algorithm", "ES256", "--port", port]) == 2
    assert "cannot listen on a port" in capsys.readouterr().err
    assert main(["issuer", "--fault", "jwks:nonsense"]) == 3
    assert "is not a fault" in capsys.readouterr().err
    assert main(["issuer", "--cache-control", "max-age=\u0661"]) == 3
    assert "Cache-Control is printable ASCII" in capsys.readouterr().err


def test_a_token_has_the_claims_that_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 15: token; O3: its JSON is as the schema says."""

    def look(told: dict[str, Any]) -> None:
        monkeypatch.setenv("MOCK_ISSUER_CONSOLE", told["console"])
        argv = ["--claim", "n=7", "--claim", "team=blue", "--claim", "azp=null", "--header", "x=1"]
        assert main(["token", "--json", "--shape", "Okta", *argv]) == 0
        token = validated(capsys.readouterr().out)["token"]
        assert main(["inspect", token, "--json"]) == 0
        inspected = validated(capsys.readouterr().out)
        assert inspected["claims"]["n"] == 7
        assert inspected["claims"]["team"] == "blue"
        assert inspected["header"]["x"] == 1
        assert main(["token", "--console", f"{told['console']}x"]) == 2
        assert "The console refused: Open the console" in capsys.readouterr().err

    while_it_runs(monkeypatch, capsys, look)
    assert main(["issuer", "--json", "--algorithm", "ES256"]) == 0


@pytest.mark.parametrize(
    ("argv", "status", "words"),
    [
        (["--console", "http://127.0.0.1:9/?token=x"], 2, "The console does not answer"),
        (["--console", "http://[::1/?token=x"], 3, "the whole URL of the console"),
        (["--console", "http://127.0.0.1:9/"], 3, "the whole URL of the console"),
        (["--console", "http://example.com/?token=x"], 3, "the whole URL of the console"),
        (["--console", "https://127.0.0.1:9/?token=x"], 3, "the whole URL of the console"),
        (["--console", "http://127.0.0.1:9/?token=x", "--claim", "a"], 3, "Write NAME=VALUE"),
        ([], 3, "Missing option '--console'. Run `asgi-jwks issuer`"),
        (["--console", "http://127.0.0.1:9/?token=x", "--lifetime", "1e12"], 3, "not in the range"),
        (["--console", "http://127.0.0.1:9/?token=x", "--lifetime", "nan"], 3, "not a number"),
    ],
)
def test_a_console_that_is_not_there_is_a_sentence(
    argv: list[str], status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: wrong use is status 3, silence is status 2; the secret is for loopback alone."""
    assert main(["token", *argv]) == status
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("answer", [[], {}, {"token": 7}, "x"], ids=str)
def test_another_server_in_its_place_is_a_sentence(
    answer: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: status 2."""
    with serve_app(JSONResponse(answer)) as url:
        assert main(["token", "--console", f"{url}/?token=x"]) == 2
    assert "is not the console" in capsys.readouterr().err


def test_the_json_of_a_running_issuer_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ISSUER, "wait", lambda: None)
    assert main(["issuer", "--json", "--algorithm", "ES256", "--no-console"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["command"] == "issuer"
