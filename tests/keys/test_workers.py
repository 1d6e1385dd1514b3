"""Processes that share a snapshot, one of which is killed in the middle of its work."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.examples import only_in_ci

from asgi_jwks.errors import InvalidToken
from asgi_jwks.keys.directory_lock import directory_locked
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX")

HOLDER = """
import sys, time
from pathlib import Path
from asgi_jwks.keys.directory_lock import directory_locked

with directory_locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""

# Says a word on one key after the other, and then that it was kept.
SPEAKER = """
import sys
from asgi_jwks.keys.remote import RemoteJWKSet

keys = RemoteJWKSet(sys.argv[1], snapshot=sys.argv[2], listener=lambda event: None)
for number in range(30):
    keys.distrust(kid=f"{sys.argv[3]} {number}")
    print(number, flush=True)
"""


def started(program: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def killed_after(process: "subprocess.Popen[str]", lines: int) -> list[str]:
    """What the process has said when it was killed, some time after so many lines."""
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    with process:
        said += process.stdout.read().split()
    return said


def must_not_wait(seconds: float) -> None:
    raise AssertionError("the lock of a process that is gone was waited for")


def test_the_lock_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    """F17: the system releases it."""
    process = started(HOLDER, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    waits: list[float] = []
    with directory_locked(tmp_path, sleep=waits.append):
        assert waits
    assert killed_after(process, 0) == []
    with directory_locked(tmp_path, sleep=must_not_wait):
        pass


@only_in_ci()
@pytest.mark.anyio
async def test_every_word_that_was_kept_survives_whoever_is_killed(tmp_path: Path) -> None:
    """F17, F23: the file is whole, and other workers go on with it."""
    issuer, path = MockIssuer(algorithm="ES256"), tmp_path / "keys.json"
    keys = RemoteJWKSet(
        issuer.jwks_uri,
        http_client=issuer.http_client(),
        snapshot=path,
        listener=lambda event: None,
    )
    await keys.refresh()
    expected: set[str] = set()
    for speaker, lines in enumerate([1, 3, 5]):
        process = started(SPEAKER, issuer.jwks_uri, path, speaker)
        said = killed_after(process, lines)
        own = f"own {speaker}"
        keys.distrust(kid=own)
        expected |= {own, *(f"{speaker} {number}" for number in said)}
    written = {name for _, name, _, _ in json.loads(path.read_bytes())["distrusted"]}
    # The last word of each may have been kept although it was killed before it said so.
    assert expected <= written
    assert len(written - expected) <= 3
    await keys.refresh()
    for kid in expected:
        with pytest.raises(InvalidToken):
            await keys.find(kid, "ES256", lambda: None)
    found = await keys.find(issuer.signing_key.kid, "ES256", lambda: None)
    assert found.kid == issuer.signing_key.kid
    restarted = RemoteJWKSet(issuer.jwks_uri, snapshot=path, listener=lambda event: None)
    assert expected <= set(restarted.health().distrusted_kids)
    assert restarted.health().key_ids == (issuer.signing_key.kid,)
