"""ASGI servers as processes of their own: started on a loopback port, watched, and always ended.

Nothing sleeps for time to pass: waiting asks again and again whether the server answers or has
ended, and gives up after a limit.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.support.ports import reserved_port

__all__ = ["SERVERS", "RunningServer", "Server", "running"]

# Seconds that a server may take to start or to end, on a very busy machine.
_PATIENCE: Final = 60.0
# Seconds that an answer may take.
_ANSWER: Final = 10.0
# Seconds between two questions.
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Server:
    """A server and the command that starts it.

    Args:
        name: for the reader.
        needs: the modules that must be installed.
        arguments: of `python -m`, with {port}; the application `app:app` is in the folder that
            the server starts in.
        ends_with_0: the exit status is 0 even if the start failed; a fault of the server.
    """

    name: str
    needs: tuple[str, ...]
    arguments: str
    ends_with_0: bool = False

    def command(self, port: int) -> list[str]:
        """The command line, or a skipped test where the server is not installed."""
        missing = [name for name in self.needs if importlib.util.find_spec(name) is None]
        if missing:
            pytest.skip(f"{' and '.join(missing)} not installed; see the group `servers`")
        return [sys.executable, "-m", *self.arguments.format(port=port).split()]


SERVERS: Final = (
    Server("uvicorn", ("uvicorn",), "uvicorn --host 127.0.0.1 --port {port} app:app"),
    # Hypercorn's issue 269: it forgets the exit status of a worker that failed.
    Server(
        "hypercorn",
        ("hypercorn",),
        "hypercorn --bind 127.0.0.1:{port} app:app",
        ends_with_0=True,
    ),
    Server(
        "hypercorn on trio",
        ("hypercorn", "trio"),
        "hypercorn --worker-class trio --bind 127.0.0.1:{port} app:app",
        ends_with_0=True,
    ),
    Server(
        "granian", ("granian",), "granian --interface asgi --host 127.0.0.1 --port {port} app:app"
    ),
    Server(
        "gunicorn",
        ("gunicorn",),
        "gunicorn --no-control-socket --worker-class asgi --bind 127.0.0.1:{port} app:app",
    ),
    Server(
        "gunicorn with uvicorn",
        ("gunicorn", "uvicorn_worker"),
        "gunicorn --no-control-socket --worker-class uvicorn_worker.UvicornWorker "
        "--bind 127.0.0.1:{port} app:app",
    ),
)


class RunningServer:
    """A server that was started: whether it answers, how it ends, and its output until now."""

    def __init__(self, process: "subprocess.Popen[bytes]", *, port: int, output: Path) -> None:
        self._process = process
        self._output = output
        self.url: Final = f"http://127.0.0.1:{port}"

    @property
    def output(self) -> str:
        """Everything that it wrote to standard output and standard error."""
        return self._output.read_text(errors="replace")

    def get(self, path: str = "/", *, token: str | None = None) -> int | None:
        """The status of the answer to a GET; None if nothing answers."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            # Without `verify`, each call would read all certificates of the system for no use.
            return httpx.get(
                self.url + path, headers=headers, trust_env=False, timeout=_ANSWER, verify=False
            ).status_code
        except httpx.TransportError:
            return None

    def wait_until_it_answers(self) -> None:
        """Return when a request is answered; AssertionError if it ends or never answers."""
        for _ in self._tries():
            if self.get() is not None:
                return
            assert self._process.poll() is None, f"it ended without an answer:\n{self.output}"
        raise AssertionError(f"it does not answer:\n{self.output}")

    def end_without_an_answer(self) -> int:
        """The exit status of a server that must end by itself and answer nothing until then."""
        for _ in self._tries():
            status = self._process.poll()
            if status is not None:
                return status
            answer = self.get()
            assert answer is None, f"it answered {answer}:\n{self.output}"
        raise AssertionError(f"it does not end:\n{self.output}")

    def stop(self, *, by: signal.Signals) -> None:
        """Return when it has ended after a signal: SIGINT as a terminal sends it, to all."""
        if by is signal.SIGINT:
            os.killpg(self._process.pid, by)
        else:
            self._process.send_signal(by)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not stop:\n{self.output}") from None

    def kill(self) -> None:
        """End it and every process that it started, whatever they do."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_PATIENCE)

    def _tries(self) -> Iterator[None]:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            yield
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_PAUSE)


@contextmanager
def running(server: Server, folder: Path, *, program: str) -> Iterator[RunningServer]:
    """Start `server` in `folder` with the text `program` as app.py; nothing is left of it."""
    (folder / "app.py").write_text(program)
    output = folder / "output.txt"
    with reserved_port() as port:
        with output.open("wb") as written:
            process = subprocess.Popen(
                server.command(port),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                # A group of its own, so that workers can be ended with their parent.
                start_new_session=True,
            )
        started = RunningServer(process, port=port, output=output)
        try:
            yield started
        finally:
            started.kill()
