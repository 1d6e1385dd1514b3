"""Every command of the guide runs as it is printed, against a mock issuer and its console."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from asgi_jwks.cli import main
from asgi_jwks.cli.command_line import COMMANDS
from asgi_jwks.testing import ProofKey, SigningKey
from asgi_jwks.testing.certificates import ClientCertificate

KEY = SigningKey.generate("RS256")

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "cli.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
LINES = [line for block in BLOCKS for line in block.splitlines()]
COMMAND_LINES = [line for line in LINES if line.startswith("asgi-jwks")]

# These serve until Ctrl-C; they are run by tests of their own.
SERVING = {"issuer", "demo"}


@pytest.fixture
def values(
    shared_console: Any, module: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The variables of the guide, and the application that it names.

    It is asked at its only path.
    """
    monkeypatch.setenv("MOCK_ISSUER_CONSOLE", shared_console.url)
    monkeypatch.setattr(uvicorn, "run", lambda *_, **__: None)
    token = shared_console.issuer.access_token()
    return {
        "$ISSUER": shared_console.issuer.url,
        "$TOKEN": token,
        "$API": shared_console.api,
        "$PROOF": ProofKey().proof("GET", f"{shared_console.api}/me", token),
        "my_api:": module("").removesuffix(":") + ":",
        "--path /me": "--path /",
    }


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_command_of_the_guide_runs_as_it_is_printed(
    line: str, values: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 15: no line of the guide is wrong use, or cannot be carried out."""
    keys = str(tmp_path / "keys.json")
    Path(keys).write_text(json.dumps({"keys": [KEY.public_jwk()]}), encoding="utf-8")
    (tmp_path / "client.pem").write_text(ClientCertificate.generate().pem, encoding="utf-8")
    head = f"GET /me HTTP/1.1\nHost: api.example.com\nAuthorization: Bearer {values['$TOKEN']}"
    (tmp_path / "request.txt").write_text(head, encoding="utf-8")
    copied = f"curl 'https://api.example.com/me' -H 'authorization: Bearer {values['$TOKEN']}'"
    (tmp_path / "copied-as-curl.txt").write_text(copied, encoding="utf-8")
    for name, value in values.items():
        line = line.replace(name, value)
    command, *arguments = shlex.split(line)[1:]
    if command in SERVING:
        assert main([command, "--help"]) == 0
        told = capsys.readouterr().out
        assert all(argument in told for argument in arguments if argument.startswith("--"))
        return
    if "example.eu.auth0.com" in line and command == "explain":
        # Nobody is asked beyond this machine.
        arguments += ["--keys", keys]
    assert main([command, *arguments]) in {0, 1}


def test_the_guide_has_every_command() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"asgi-jwks {name}" not in text] == []
