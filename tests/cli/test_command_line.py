import importlib
import os
import re
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from threading import Timer

import click
import pytest
from tests.support.cli_schema import validated
from tests.support.fresh_process import printed_by

from asgi_jwks import __version__
from asgi_jwks.cli import main
from asgi_jwks.cli.command_line import COMMANDS, asgi_jwks
from asgi_jwks.cli.demo.run import run
from asgi_jwks.cli.demo.scenario import SCENARIO
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.testing import MockIssuer

COMMAND = importlib.import_module("asgi_jwks.cli.demo.command")
TOKEN = MockIssuer(algorithm="ES256").access_token()

# Seconds that a whole command may take before a test ends it, on a very busy machine.
PATIENCE = 60


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"asgi-jwks {__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param([], id="no-command"),
        pytest.param(["dance"], id="unknown-command"),
        pytest.param(["demo", "--api-port", "70000"], id="port-too-large"),
        pytest.param(["demo", "--issuer-port", "http"], id="port-not-a-number"),
        pytest.param(["demo", "--serve", "--json"], id="serving-in-json"),
        pytest.param(["inspect"], id="no-token"),
    ],
)
def test_a_command_line_that_is_wrong_ends_with_status_3(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: wrong use is told apart from a token that is refused."""
    assert main(argv) == 3
    told = capsys.readouterr()
    assert "Usage: asgi-jwks" in told.err
    assert told.out == ""


def test_the_process_s_own_arguments_are_taken_unless_others_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["asgi-jwks", "inspect", TOKEN])
    assert main() == 0
    assert "NOT VERIFIED" in capsys.readouterr().out


def test_the_help_lists_every_command_and_imports_none() -> None:
    """O3: the help is there at once."""
    program = (
        "import sys; from asgi_jwks.cli import main; status = main(['--help']); "
        "print([m for m in ('httpx', 'starlette', 'jwt', 'cryptography', 'rich', 'anyio')"
        " if m in sys.modules], status)"
    )
    *help_, last = printed_by(program).splitlines()
    assert last == "[] 0"
    for name in COMMANDS:
        assert f"  {name} " in "\n".join(help_)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_begins_as_the_table_says_of_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "-h"]) == 0
    assert f"Usage: asgi-jwks {name}" in capsys.readouterr().out


def test_a_mistake_never_echoes_a_whole_token(capsys: pytest.CaptureFixture[str]) -> None:
    """O3, H1: also where a token stands in a place of something else."""
    assert main([TOKEN]) == 3
    assert main(["demo", "--api-port", TOKEN]) == 3
    error = capsys.readouterr().err
    assert f"'{TOKEN[:12]}...'" in error
    assert TOKEN[12:40] not in error


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["keys", f"https://idp.example/{TOKEN}"], "has a token in it"),
        (["provider", "auth0", "--domain", "\x1b[31m"], "characters that cannot be printed"),
        (["issuer", "--issuer", "nonsense"], "--issuer is a URL"),
        (["doctor", "https://idp.example/", "--timeout", "nan"], "not a number of seconds"),
    ],
)
def test_a_word_that_would_be_shown_again_is_looked_at_first(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: wrong use, and nothing of it moves a cursor or shows a token."""
    assert main(argv) == 3
    error = capsys.readouterr().err
    assert words in error
    assert TOKEN[12:40] not in error
    assert "\x1b" not in error


def test_a_failure_is_json_where_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """O3: the schema has failures too."""
    assert main(["inspect", "hello", "--json"]) == 1
    told = validated(capsys.readouterr().out)
    assert told["command"] == "inspect"
    assert told["status"] == 1
    assert "not a well-formed signed JWT" in told["error"]


def test_a_wrong_option_is_a_sentence_and_status_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> bool:
        raise ConfigurationError("Write something else.")

    monkeypatch.setattr(COMMAND, "run", refuse)
    assert main(["demo"]) == 3
    assert capsys.readouterr().err == "Write something else.\n"


@pytest.mark.parametrize("missing", ["uvicorn", "click"])
def test_without_the_extra_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    # As the import system says that a module is not there.
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["demo"]) == 2
    error = capsys.readouterr().err
    assert f"needs {missing}." in error
    assert "pip install 'asgi-jwks[cli]'" in error


def test_a_shell_is_told_the_commands_that_begin_so() -> None:
    context = click.Context(asgi_jwks, info_name="asgi-jwks")
    assert [item.value for item in asgi_jwks.shell_complete(context, "in")] == ["inspect"]
    assert [item.value for item in asgi_jwks.shell_complete(context, "--ver")] == ["--version"]


def test_the_demo_in_json_has_every_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: every command that tells something has --json."""
    monkeypatch.setattr(COMMAND, "run", partial(run, scenario=SCENARIO[:1]))
    assert main(["demo", "--json"]) == 0
    told = validated(capsys.readouterr().out)
    assert told["right"] is True
    assert len(told["steps"]) == len(SCENARIO[0].steps)
    assert told["steps"][0] == {
        "section": "With a token and without",
        "title": "no token",
        "status": 401,
        "error": None,
        "fetches": 0,
        "differences": [],
    }


@pytest.mark.parametrize(("right", "status"), [(True, 0), (False, 1)], ids=["right", "wrong"])
def test_the_status_of_the_demo_is_that_of_its_answers(
    monkeypatch: pytest.MonkeyPatch, right: bool, status: int
) -> None:
    asked = {}

    def run(report: object, **options: object) -> bool:
        asked.update(options)
        return right

    monkeypatch.setattr(COMMAND, "run", run)
    argv = ["demo", "--serve", "--api-port", "8000", "--issuer-port", "8001"]
    assert main(argv) == status
    assert asked == {"api_port": 8000, "issuer_port": 8001, "serve": True}


def test_a_demo_that_ctrl_c_ends_early_has_the_status_of_interrupted_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(COMMAND, "run", run)
    assert main(["demo"]) == 130


def test_a_taken_port_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["demo", "--issuer-port", port]) == 2
    assert "cannot listen on a port" in capsys.readouterr().err


def program(*argv: str) -> list[str]:
    # A shell that starts the tests in its background has SIGINT ignored, and programs inherit it.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"from asgi_jwks.cli import main; sys.exit(main({list(argv)!r}))"
    )
    return [sys.executable, "-W", "error", "-X", "dev", "-c", code]


def complaints(stderr: str) -> list[str]:
    # Development mode tells of every step that takes a tenth of a second, as on a busy machine.
    return [line for line in stderr.splitlines() if not line.startswith("Executing <")]


def test_the_demo_is_right_plain_in_a_pipe_ignores_proxies_and_ctrl_c_ends_it_cleanly(
    tmp_path: Path,
) -> None:
    nowhere = "http://127.0.0.1:9"
    proxies = {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": nowhere}
    complained, told = tmp_path / "stderr", ""
    with (
        complained.open("w") as stderr,
        subprocess.Popen(
            program("demo", "--serve"),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, **proxies},
        ) as serving,
    ):
        assert serving.stdout is not None
        # Whatever happens, reading and waiting come to an end.
        limit = Timer(PATIENCE, serving.kill)
        limit.start()
        try:
            for line in serving.stdout:
                told += line
                if "Press Ctrl-C" in line:
                    break
            serving.send_signal(signal.SIGINT)
            rest = serving.stdout.read()
            status = serving.wait()
        finally:
            serving.kill()
            limit.cancel()
            limit.join()
    assert complaints(complained.read_text()) == []
    assert re.search(r"\nAll \d+ answers were as they should be\.\n", told)
    assert told.isascii()
    assert "\x1b" not in told
    assert rest.endswith("\nStopped.\n")
    assert status == 0
