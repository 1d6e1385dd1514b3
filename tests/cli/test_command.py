import io
import re
import socket
import subprocess
import sys

import pytest

from asgi_jwks import __version__
from asgi_jwks.cli import command, main
from asgi_jwks.cli import demo as demo_module
from asgi_jwks.testing import MockIssuer

TOKEN = MockIssuer(algorithm="ES256").access_token()


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"asgi-jwks {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["dance"], ["demo", "--api-port", "70000"], ["inspect"]])
def test_a_command_that_does_not_exist_ends_with_status_2(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "usage: asgi-jwks" in capsys.readouterr().err


def test_inspect_prints_a_token_given_as_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", TOKEN]) == 0
    assert "NOT VERIFIED" in capsys.readouterr().out


def test_inspect_reads_a_token_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"Bearer {TOKEN}\n"))
    assert main(["inspect", "-"]) == 0
    assert "mock-issuer.example" in capsys.readouterr().out


def test_inspect_ends_with_status_1_for_what_is_no_token(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["inspect", "hello"]) == 1
    assert "not a well-formed signed JWT" in capsys.readouterr().err


def test_without_the_extra_the_demo_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "EXTRA", ("rich", "a_package_that_is_not_there"))
    assert main(["demo"]) == 2
    error = capsys.readouterr().err
    assert "needs a_package_that_is_not_there." in error
    assert "pip install 'asgi-jwks[cli]'" in error


@pytest.mark.parametrize(("right", "status"), [(True, 0), (False, 1)])
def test_the_status_of_the_demo_is_that_of_its_answers(
    monkeypatch: pytest.MonkeyPatch, right: bool, status: int
) -> None:
    asked = {}

    def demo(**options: object) -> bool:
        asked.update(options)
        return right

    monkeypatch.setattr(demo_module, "demo", demo)
    argv = ["demo", "--serve", "--api-port", "8000", "--issuer-port", "8001"]
    assert main(argv) == status
    assert asked == {"api_port": 8000, "issuer_port": 8001, "stay": True}


def test_an_interrupted_demo_ends_as_interrupted_programs_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def demo(**_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_module, "demo", demo)
    assert main(["demo"]) == 130


def test_a_taken_port_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["demo", "--issuer-port", port]) == 2
    assert "cannot listen on a port" in capsys.readouterr().err


def test_the_whole_demo_is_right_over_real_sockets_and_plain_in_a_pipe() -> None:
    program = "import sys; from asgi_jwks.cli import main; sys.exit(main(['demo']))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # Development mode tells of every step that takes a tenth of a second, as on a busy machine.
    assert [line for line in run.stderr.splitlines() if not line.startswith("Executing <")] == []
    assert run.returncode == 0
    assert re.search(r"All \d+ answers were as they should be\.\n$", run.stdout)
    assert run.stdout.isascii()
    assert "\x1b" not in run.stdout
