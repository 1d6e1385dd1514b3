"""Servers that mean harm or have gone mad: each ends in a finding, and within bounds."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

import anyio
import pytest

from asgi_jwks.cli.doctor.command import diagnosis_of
from asgi_jwks.cli.doctor.findings import CLAUSES, Condition, DoctorFinding
from asgi_jwks.cli.doctor.probe import Probe

PROBLEM, UNCLEAR = Condition.PROBLEM, Condition.CANNOT_TELL
HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
DEEP = b"[" * 100_000


def message(body: bytes, *fields: str) -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"{HEAD}{lines}content-length: {len(body)}\r\n\r\n".encode() + body


class Hostile:
    """A server that sends the same octets to everybody, then others for ever."""

    def __init__(self, octets: bytes, then: bytes = b"", *, every: float = 0.0) -> None:
        self.octets, self.then, self.every = octets, then, every
        self.asked = count()
        self.over = threading.Event()

    def answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(60)
            if not connection.recv(65_536):
                return
            next(self.asked)
            connection.sendall(self.octets)
            while self.then and not self.over.wait(self.every):
                connection.sendall(self.then)


@contextmanager
def serving(hostile: Hostile) -> Iterator[str]:
    threads = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)

        def accept() -> None:
            while not hostile.over.is_set():
                with suppress(TimeoutError):
                    connection, _ = listening.accept()
                    threads.append(threading.Thread(target=hostile.answer, args=[connection]))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            hostile.over.set()
            for thread in (accepting, *threads):
                thread.join(60)


BOMB = gzip.compress(b" " * 20_000_000)


@pytest.mark.parametrize(
    ("hostile", "condition"),
    [
        pytest.param(
            Hostile(b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"),
            PROBLEM,
            id="redirects-to-itself",
        ),
        pytest.param(
            Hostile(f"{HEAD}\r\n".encode(), b" " * 65_536), UNCLEAR, id="a-body-without-an-end"
        ),
        pytest.param(Hostile(f"{HEAD}\r\n".encode(), b" ", every=0.01), UNCLEAR, id="a-slow-drip"),
        pytest.param(
            Hostile(HEAD.encode(), b"x-more: and more\r\n" * 1000), UNCLEAR, id="endless-fields"
        ),
        pytest.param(
            Hostile(f"{HEAD}x-large: {'a' * 300_000}\r\n\r\n".encode()), UNCLEAR, id="a-huge-field"
        ),
        pytest.param(
            Hostile(message(BOMB, "content-encoding: gzip")), UNCLEAR, id="a-compressed-bomb"
        ),
        pytest.param(Hostile(message(DEEP)), PROBLEM, id="deep-nesting"),
        pytest.param(Hostile(message(b"7")), PROBLEM, id="a-number"),
        pytest.param(
            Hostile(message(json.dumps({"issuer": 7, "jwks_uri": [], "keys": 7}).encode())),
            PROBLEM,
            id="members-of-other-types",
        ),
        pytest.param(Hostile(b"\x16\x03\x01\x02\x00nonsense"), UNCLEAR, id="not-http"),
    ],
)
def test_a_hostile_issuer_or_api_ends_in_findings_within_bounds(
    hostile: Hostile, condition: Condition
) -> None:
    """O5: redirect loops, endless bodies, drips, huge fields, compressed bombs, other types."""

    # A busy machine is slow; a drip goes on for ever.
    patience = 0.2 if hostile.every else 30

    async def examine(url: str) -> tuple[DoctorFinding, ...]:
        with anyio.fail_after(60):
            told = await diagnosis_of(url, f"{url}me", Probe(timeout=patience))
        return told.findings

    with serving(hostile) as url:
        findings = anyio.run(examine, url)
    found = {finding.condition for finding in findings}
    assert condition in found
    for finding in findings:
        assert finding.clause == CLAUSES[finding.check]
        assert finding.found.isprintable()
        assert len(finding.found) < 2000
        assert (finding.remedy is None) is (finding.condition is Condition.OK)
    assert next(hostile.asked) <= 12
