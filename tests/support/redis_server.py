"""A Redis or Valkey server on a loopback port of its own: started, stalled, killed."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
from tests.support.ports import reserved_port

__all__ = ["SERVERS", "RedisServer", "redis_server"]

SERVERS: Final = ("redis-server", "valkey-server")

_PATIENCE: Final = 30.0
_PAUSE: Final = 0.02


class RedisServer:
    """A server process that keeps nothing on disk, unless it is told to."""

    def __init__(self, command: str, folder: Path, *, port: int, appends: bool = False) -> None:
        self._command: Final = command
        self._folder: Final = folder
        self._appends: Final = appends
        self._process: subprocess.Popen[bytes] | None = None
        self.port: Final = port

    def start(self) -> None:
        """Start it, and wait until it answers."""
        saving = ["--appendonly", "yes", "--appendfsync", "always"] if self._appends else []
        self._process = subprocess.Popen(
            [
                self._command,
                *("--port", str(self.port)),
                *("--bind", "127.0.0.1"),
                *("--dir", str(self._folder)),
                *("--save", ""),
                *saving,
            ],
            stdout=subprocess.DEVNULL,
        )
        give_up_at = time.monotonic() + _PATIENCE
        while not self._answers():
            assert time.monotonic() < give_up_at, f"{self._command} does not answer"
            assert self._process.poll() is None, f"{self._command} has ended"
            time.sleep(_PAUSE)

    def kill(self) -> None:
        """End it as a crash does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stall(self) -> None:
        """Let it answer nothing, with its connections open."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0) as one:
            one.sendall(b"PING\r\n")
            return one.recv(16).startswith(b"+PONG")
        return False


@contextmanager
def redis_server(command: str, folder: Path, *, appends: bool = False) -> Iterator[RedisServer]:
    """A running server; the test is skipped where it is not installed."""
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")
    with reserved_port() as port:
        server = RedisServer(command, folder, port=port, appends=appends)
        server.start()
        try:
            yield server
        finally:
            server.kill()
