"""Any input ends a command with one of its statuses and a sentence, never a traceback."""

import io
import json
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import click
import pytest
import uvicorn
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks.cli import issuer, main
from asgi_jwks.cli.command_line import COMMANDS, asgi_jwks
from asgi_jwks.cli.demo import command as demo
from asgi_jwks.cli.doctor.command import diagnosis_of
from asgi_jwks.cli.doctor.findings import CLAUSES
from asgi_jwks.cli.doctor.probe import Probe, Secured
from asgi_jwks.cli.published_keys import published_set
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.testing import MockIssuer, SigningKey

KEY = SigningKey.generate("ES256")
TOKEN = MockIssuer(key=KEY).access_token()
SIGNATURE = TOKEN.rpartition(".")[2]

QUIET = examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])

# A word of a command line has no null character.
WORDS = st.sampled_from(
    [
        *("", "-", "--", "@", "@nowhere", "-x", "--json", "--no-such-option", "a=b", "=", "a:b"),
        *("0", "-1", "1e999", "nan", "70000", "true", "null", "{}", "[", "jwks:fail:503", "auth0"),
        *("https://idp.example/", "http://127.0.0.1:9/?token=a", "http://[", "https://a b/"),
        *("keys.json", "\x1b[31mred", "ü", "\udcff", "\n", "x" * 300),
        *(TOKEN, f"Bearer {TOKEN}", f"@{TOKEN}", f"https://idp.example/{TOKEN}", f"{TOKEN}:app"),
        *(f"a={TOKEN}", TOKEN.rpartition(".")[0]),
    ]
) | st.text(st.characters(exclude_characters="\0/~"), max_size=12)


@cache
def options_of(command: str) -> tuple[str, ...]:
    found = asgi_jwks.get_command(click.Context(asgi_jwks), command)
    assert found is not None
    return tuple(name for parameter in found.params for name in parameter.opts if name[:1] == "-")


def lines_of(command: str) -> st.SearchStrategy[list[str]]:
    option = st.sampled_from(options_of(command) or ("-h",))
    part = st.tuples(option, WORDS) | st.tuples(WORDS) | st.tuples(option)
    return st.lists(part, max_size=5).map(lambda parts: [word for part in parts for word in part])


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, no network beyond loopback, and servers that end at once."""
    resolve = socket.getaddrinfo

    def of_loopback(host: Any, *more: Any, **options: Any) -> Any:
        if host not in {"127.0.0.1", b"127.0.0.1"}:
            raise socket.gaierror("no network")
        return resolve(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", of_loopback)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [KEY.public_jwk()]}))
    monkeypatch.setattr(uvicorn, "run", lambda *_, **__: None)
    monkeypatch.setattr(demo, "run", lambda *_, **__: True)
    monkeypatch.setattr(issuer, "wait", lambda: None)
    monkeypatch.setattr(SigningKey, "generate", lambda *_, **__: KEY)


@pytest.mark.parametrize("command", COMMANDS)
@QUIET
@given(data=st.data())
def test_any_command_line_ends_with_a_status_and_a_sentence(
    command: str,
    data: st.DataObject,
    alone: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """O3: 0 to 3; wrong use is told; no signature is ever printed, nor a control character."""
    argv = data.draw(lines_of(command))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xffx.y.z"), "utf-8"))
    status = main([command, *argv])
    told = capsys.readouterr()
    written = told.out + told.err
    assert status in {0, 1, 2, 3}
    assert "Traceback" not in written
    assert SIGNATURE not in written
    assert [line for line in written.splitlines() if not line.isprintable()] == []
    if status == 3:
        sentence = (
            told.err.rpartition("Error: ")[2] if not told.out else json.loads(told.out)["error"]
        )
        assert sentence.strip()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["RSA", "EC", "AQAB", "https://idp.example/", "P-256", "\x1b[31m", "ü"])
    | st.sampled_from(["https://[", "//[::1", "https://a:b@c:d/"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*KEY.public_jwk(), "keys", "n", "e", "x5c", "issuer", "resource"])
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@QUIET
@given(VALUES)
def test_any_document_is_listed(document: object) -> None:
    """E1: each key with a reason, and nothing that would move a cursor."""
    found = published_set(json.dumps(document).encode(), now=0.0)
    for key in found.keys:
        assert key.usable is (key.reason is None)
        assert (key.kid or "").isascii()
        assert (key.kid or " ").isprintable()


CHALLENGES = (
    st.none()
    | st.text(max_size=30)
    | st.sampled_from(["https://[", "//[::1", "/", ""]).map('Bearer resource_metadata="{}"'.format)
)


@QUIET
@given(metadata=VALUES, keys=VALUES, challenge=CHALLENGES, resource=VALUES)
def test_the_doctor_ends_with_findings_whatever_it_is_told(
    metadata: object, keys: object, challenge: str | None, resource: object
) -> None:
    """O5: an issuer or an API that says anything is a patient too."""

    class Looking(Probe):
        async def connect(self, url: str) -> float | None:
            return 0.05

        async def tls(self, url: str) -> Secured | str:
            return "not looked at"

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        if "oauth-protected-resource" in url:
            return FetchResponse(200, {}, json.dumps(resource).encode())
        if url.startswith("https://api.example/"):
            fields = {} if challenge is None else {"www-authenticate": challenge}
            return FetchResponse(401, fields, b"")
        body = keys if url.endswith("keys") else metadata
        if isinstance(body, dict) and "well-known" in url:
            told = {"issuer": "https://idp.example/", "jwks_uri": "https://idp.example/keys"}
            body = {**body, **told}
        return FetchResponse(200, {"date": "now"}, json.dumps(body).encode())

    probe = Looking(timeout=5, fetch=fetch, clock=lambda: 0.0)
    diagnosis = anyio.run(diagnosis_of, "https://idp.example/", "https://api.example/me", probe)
    assert diagnosis.findings
    for finding in diagnosis.findings:
        assert finding.clause == CLAUSES[finding.check]
        assert finding.found.isprintable()
