"""Load from `wrk`: a file of tokens, sent in order to one server.

What lives only here: how wrk is called and what it counts.
What it does not know: what stands behind the port, and how rounds are compared.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONNECTIONS: Final = 16
_SCRIPT: Final = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Counted:
    """What wrk counted: answers in a number of microseconds, of which `p99` is the slow end.

    `refused` answers had a status other than 2xx or 3xx, `broken` requests got none; `laps` says
    how often the file of tokens began anew.
    """

    requests: int
    microseconds: int
    p99: int
    refused: int
    broken: int
    laps: int


class Load:
    """What one case sends: `tokens` in order, over and over, or each `once` for a fresh server."""

    def __init__(self, file: Path, tokens: Sequence[bytes], *, once: bool) -> None:
        file.write_bytes(b"\n".join(tokens) + b"\n")
        self._file = file
        self.once = once

    def offer(self, port: int, seconds: int) -> Counted:
        """Keep the server on loopback `port` busy for so long."""
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"-s{_SCRIPT}"]
        finished = subprocess.run(
            ["wrk", *options, f"http://127.0.0.1:{port}", "--", str(self._file)],
            capture_output=True,
            text=True,
            check=True,
        )
        return Counted(**json.loads(finished.stdout.splitlines()[-1]))
