"""The command over real sockets: text, JSON, statuses; and TLS as it is."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from tests.support.cli_schema import validated
from tests.support.raw_server import saying, talking
from tests.support.tls_server import self_signed, serving_tls

from asgi_jwks.cli import main
from asgi_jwks.cli.demo.api import SimulatedClock, protected_api
from asgi_jwks.cli.doctor.findings import Condition, DoctorFinding, worst
from asgi_jwks.cli.doctor.probe import Probe, Secured
from asgi_jwks.testing import MockIssuer, SigningKey, serve_app

KEY = SigningKey.generate("RS256")
Out = pytest.CaptureFixture[str]


@pytest.fixture
def issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(key=KEY)
    with issuer.serve():
        yield issuer


@pytest.fixture
def api(issuer: MockIssuer) -> Iterator[str]:
    app = protected_api(issuer.url, audience=str(issuer.audience), clock=SimulatedClock())
    with serve_app(app) as url:
        yield f"{url}/me"


def test_a_good_issuer_and_a_good_api_end_with_status_0(
    issuer: MockIssuer, api: str, capsys: Out
) -> None:
    """O3, O5: text."""
    assert main(["doctor", issuer.url, "--api", api]) == 0
    text = capsys.readouterr().out
    assert "ok           A request without a token is answered with 401.\n" in text
    assert "problems: 0, notes: " in text
    # A remedy and a clause belong to each note.
    assert "RFC 9111, section 5.2.2" in text


def test_a_problem_ends_with_status_1_and_the_json_is_as_the_schema_says(
    issuer: MockIssuer, capsys: Out
) -> None:
    """O3, O5: JSON."""
    issuer.jwks.garbage()
    assert main(["doctor", issuer.url, "--json"]) == 1
    told = validated(capsys.readouterr().out)
    (problem,) = [it for it in told["findings"] if it["condition"] == "problem"]
    assert problem["check"] == "jwks"
    assert problem["clause"] == "RFC 7517, section 5"
    assert told["issuer"] == issuer.url
    assert told["api"] is None


def test_silence_ends_with_status_2(issuer: MockIssuer, capsys: Out) -> None:
    """O3, O5: deadlines."""
    issuer.discovery.hang()
    assert main(["doctor", issuer.url, "--timeout", "0.2"]) == 2
    assert "no answer within 0.2 s" in " ".join(capsys.readouterr().out.split())
    assert main(["doctor", issuer.url, "--deadline", "0.2"]) == 2
    assert "No answer from the issuer and the API within 0.2 s." in capsys.readouterr().err


def test_a_token_is_sent_on_the_user_s_word_and_never_echoed(
    issuer: MockIssuer, api: str, tmp_path: Path, capsys: Out
) -> None:
    """O3, O5, H1."""
    path = tmp_path / "token"
    token = issuer.access_token(lifetime=-60)
    path.write_text(token)
    assert main(["doctor", "--api", api, "--token", f"@{path}"]) == 1
    told = capsys.readouterr()
    assert "The token that you gave is answered with 401" in told.out
    assert token[:40] not in told.out
    assert main(["doctor", "--api", api, "--token", issuer.access_token()]) == 0


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "Name an ISSUER"),
        (["https://idp.example/", "--token", "x"], "name it by --api"),
        (["--api", "http://api.example/", "--token", "x"], "--api must be an https URL"),
        (["--api", "api.example"], "--api must be an absolute https URL"),
    ],
)
def test_wrong_use_ends_with_status_3(argv: list[str], words: str, capsys: Out) -> None:
    """O3: a token never goes over plain http."""
    assert main(["doctor", *argv]) == 3
    assert words in capsys.readouterr().err


def test_the_worst_finding_decides() -> None:
    def finding(condition: Condition) -> DoctorFinding:
        return DoctorFinding(check="jwks", condition=condition, found="", clause="", remedy=None)

    ok, note, unclear, problem = map(
        finding,
        (Condition.OK, Condition.NOTE, Condition.CANNOT_TELL, Condition.PROBLEM),
    )
    assert worst([]) is worst([ok, note]) is Condition.OK
    assert worst([note, unclear]) is Condition.CANNOT_TELL
    assert worst([unclear, problem, ok]) is Condition.PROBLEM


def test_tls_is_told_by_version_and_end_of_the_certificate(tmp_path: Path) -> None:
    """O5: TLS."""
    certificate, key = self_signed(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with serving_tls(certificate, key) as url:

        async def look() -> tuple[Secured | str, Secured | str, float | None, float | None]:
            knowing, strange = Probe(timeout=5, context=trusting), Probe(timeout=5)
            return (
                await knowing.tls(url),
                await strange.tls(url),
                await knowing.connect(url),
                await strange.connect(url),
            )

        secured, unknown, took, none = anyio.run(look)
    assert took is not None
    assert 0 < took < 5
    assert none is None
    assert isinstance(secured, Secured)
    assert secured.version.startswith("TLSv1.")
    assert secured.ends_at > 1_700_000_000
    assert isinstance(unknown, str)
    assert "certificate verify failed" in unknown


def test_a_host_that_hangs_up_has_no_tls() -> None:
    """O5: a sentence, and no fault of the command."""

    async def look() -> tuple[Secured | str, float | None]:
        async with talking(saying()) as url:
            url, probe = url.replace("http:", "https:"), Probe(timeout=30)
            return await probe.tls(url), await probe.connect(url)

    told, took = anyio.run(look)
    assert isinstance(told, str)
    assert took is None


def test_a_proxy_hides_the_tls_of_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert anyio.run(Probe(timeout=5).tls, "https://idp.example/") == "a proxy stands between"
    assert anyio.run(Probe(timeout=5).connect, "https://idp.example/") is None
