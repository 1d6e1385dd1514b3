import importlib
import io
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from asgi_jwks import __version__
from asgi_jwks.cli import main
from asgi_jwks.cli.demo.report import Report
from asgi_jwks.testing import MockIssuer

RUN = importlib.import_module("asgi_jwks.cli.demo.run")
TOKEN = MockIssuer(algorithm="ES256").access_token()

# Seconds that a whole command may take before a test ends it, on a very busy machine.
PATIENCE = 60


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"asgi-jwks {__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param([], id="no-command"),
        pytest.param(["dance"], id="unknown-command"),
        pytest.param(["demo", "--api-port", "70000"], id="port-too-large"),
        pytest.param(["demo", "--issuer-port", "http"], id="port-not-a-number"),
        pytest.param(["inspect"], id="no-token"),
    ],
)
def test_a_command_line_that_is_wrong_ends_with_status_2(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "usage: asgi-jwks" in capsys.readouterr().err


def test_a_wrong_port_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["demo", "--issuer-port", "http"])
    assert "'http' is not a number from 0 to 65535" in capsys.readouterr().err


def test_inspect_prints_a_token_given_as_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", TOKEN]) == 0
    assert "NOT VERIFIED" in capsys.readouterr().out


def test_inspect_reads_a_token_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"Bearer {TOKEN}\n"))
    assert main(["inspect", "-"]) == 0
    assert "mock-issuer.example" in capsys.readouterr().out


def test_inspect_ends_with_status_1_for_a_text_that_is_not_a_token(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["inspect", "hello"]) == 1
    assert "not a well-formed signed JWT" in capsys.readouterr().err


def test_without_the_extra_the_demo_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # As the import system says that a module is not there.
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["demo"]) == 2
    error = capsys.readouterr().err
    assert "needs uvicorn." in error
    assert "pip install 'asgi-jwks[cli]'" in error


@pytest.mark.parametrize(("right", "status"), [(True, 0), (False, 1)], ids=["right", "wrong"])
def test_the_status_of_the_demo_is_that_of_its_answers(
    monkeypatch: pytest.MonkeyPatch, right: bool, status: int
) -> None:
    asked = {}

    def run(report: Report, **options: object) -> bool:
        asked.update(options)
        return right

    monkeypatch.setattr(RUN, "run", run)
    argv = ["demo", "--serve", "--api-port", "8000", "--issuer-port", "8001"]
    assert main(argv) == status
    assert asked == {"api_port": 8000, "issuer_port": 8001, "serve": True}


def test_a_demo_that_ctrl_c_ends_early_has_the_status_of_interrupted_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(RUN, "run", run)
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


def test_the_demo_is_right_over_real_sockets_plain_in_a_pipe_and_ignores_proxies() -> None:
    nowhere = "http://127.0.0.1:9"
    ended = subprocess.run(
        program("demo"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": nowhere},
    )
    assert complaints(ended.stderr) == []
    assert ended.returncode == 0
    assert re.search(r"\nAll \d+ answers were as they should be\.\n", ended.stdout)
    assert ended.stdout.isascii()
    assert "\x1b" not in ended.stdout
    # Two screens of 30 lines and 80 columns.
    assert len(ended.stdout.splitlines()) <= 60
    assert max(map(len, ended.stdout.splitlines())) <= 80


def test_ctrl_c_ends_the_serving_cleanly(tmp_path: Path) -> None:
    complained = tmp_path / "stderr"
    with (
        complained.open("w") as stderr,
        subprocess.Popen(
            program("demo", "--serve"), stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as serving,
    ):
        assert serving.stdout is not None
        # Whatever happens, reading and waiting come to an end.
        limit = Timer(PATIENCE, serving.kill)
        limit.start()
        try:
            for line in serving.stdout:
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
    assert rest.endswith("\nStopped.\n")
    assert status == 0
