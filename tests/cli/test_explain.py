import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console
from tests.support.cli_schema import validated

from asgi_jwks.cli import main
from asgi_jwks.cli.explain import Explained, show
from asgi_jwks.testing import MockIssuer, ProofKey, SigningKey, forge
from asgi_jwks.tokens.explanation import Verdict

KEY = SigningKey.generate("RS256")
Out = pytest.CaptureFixture[str]


@pytest.fixture
def issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(key=KEY)
    with issuer.serve():
        yield issuer


def options(issuer: MockIssuer) -> list[str]:
    return ["--issuer", issuer.issuer, "--audience", str(issuer.audience)]


def test_a_good_token_is_valid_and_every_step_is_told(issuer: MockIssuer, capsys: Out) -> None:
    """O1, O2, O3: the verifier's own steps; status 0."""
    assert main(["explain", issuer.access_token(), *options(issuer)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("VALID\n")
    for number in range(1, 8):
        assert f"({number}) passed" in text
    assert "This machine's clock agrees with the issuer's." in text


def test_a_refused_token_is_told_with_expected_found_and_the_remedy(
    issuer: MockIssuer, capsys: Out
) -> None:
    """O2, O3: status 1; the signature is judged all the same."""
    token = issuer.access_token(lifetime=-3600)
    assert main(["explain", token, *options(issuer)]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("REFUSED expired the token expired ")
    assert "(5) passed the signature" in text
    assert "(6) failed the claims exp: expected in the future" in text
    assert "(7) not reached" in text


@pytest.mark.parametrize(
    "bend", [forge.with_flipped_signature, forge.with_alg_none], ids=["signature", "alg-none"]
)
def test_the_signature_and_the_token_are_never_printed(
    bend: Callable[[str], str], issuer: MockIssuer, capsys: Out
) -> None:
    """O3, H1: not in text, not in JSON."""
    token = bend(issuer.access_token())
    for more in ([], ["--json"]):
        assert main(["explain", token, *options(issuer), *more]) == 1
        written = "".join(capsys.readouterr())
        assert token[:40] not in written
        assert not token.rpartition(".")[2] or token.rpartition(".")[2] not in written


def test_the_json_is_as_the_schema_says(issuer: MockIssuer, capsys: Out) -> None:
    """O3: --json with a documented schema."""
    token = issuer.access_token(audience="https://other.example")
    assert main(["explain", token, "--json", *options(issuer)]) == 1
    told = validated(capsys.readouterr().out)
    assert (told["verdict"], told["reason"]) == ("refused", "wrong_audience")
    assert told["issuers"] == [issuer.issuer]
    assert told["audience_compared"] is True
    assert [step["status"] for step in told["steps"]] == [*["passed"] * 5, "failed", "not_reached"]


def test_the_grants_of_a_valid_token_are_told_and_held_against_a_route(
    issuer: MockIssuer, capsys: Out
) -> None:
    """O3: a 403 is explained too, in the sentence of the log."""
    token = issuer.access_token(scopes="read:messages", permissions=["write:messages"])
    assert main(["explain", token, *options(issuer)]) == 0
    text = capsys.readouterr().out
    assert "scopes: 'read:messages'\npermissions: 'write:messages'\n" in text
    assert main(["explain", token, "--requires", "read:messages", *options(issuer)]) == 0
    capsys.readouterr()
    assert main(["explain", token, "--requires", "write:messages", *options(issuer)]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("REFUSED insufficient_scope the route needs the scope 'write:messages'")
    assert "write requires(permissions='write:messages')" in text
    assert main(["explain", token, "--requires", "x", "--json", *options(issuer)]) == 1
    told = validated(capsys.readouterr().out)
    assert told["reason"] == "insufficient_scope"
    assert told["grants"]["scopes"] == ["read:messages"]


def test_keys_that_are_unavailable_leave_the_question_open(issuer: MockIssuer, capsys: Out) -> None:
    """O3: status 2, never a verdict."""
    issuer.jwks.fail(500)
    assert main(["explain", issuer.access_token(), *options(issuer)]) == 2
    assert capsys.readouterr().out.startswith("CANNOT TELL\n")
    issuer.jwks.hang()
    assert main(["explain", issuer.access_token(), "--deadline", "0.3", *options(issuer)]) == 2
    assert "No answer from the issuer within 0.3 s." in capsys.readouterr().err


def test_keys_of_a_file_serve_without_a_network(tmp_path: Path, capsys: Out) -> None:
    issuer = MockIssuer(issuer="https://example.eu.auth0.com/", key=KEY)
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(issuer.jwk_set()))
    keys = ["--keys", str(path)]
    assert main(["explain", issuer.access_token(), *keys, *options(issuer)]) == 0
    assert "clock" not in capsys.readouterr().out
    preset = ["--provider", "auth0", "--domain", "example.eu.auth0.com"]
    audience = ["--audience", str(issuer.audience)]
    assert main(["explain", issuer.access_token(), *keys, *preset, *audience]) == 0
    assert main(["explain", issuer.id_token(), *keys, *preset, *audience]) == 1
    assert "ID token" in capsys.readouterr().out


def test_an_application_s_own_settings_are_taken(
    module: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """Issue 15: from module:app."""
    assert main(["explain", "opaque", "--app", module("app")]) == 1
    assert "the token is opaque" in capsys.readouterr().out
    assert main(["explain", "opaque", "--app", module("bare")]) == 3
    assert "has neither a JWTBearerMiddleware" in capsys.readouterr().err
    assert main(["explain", "opaque", "--app", module("app"), "--audience", "x"]) == 3
    assert "--app has settings of its own" in capsys.readouterr().err


def test_the_environment_is_taken(
    issuer: MockIssuer, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """Issue 15: or from the environment."""
    monkeypatch.setenv("ASGI_JWKS_ISSUER", issuer.issuer)
    monkeypatch.setenv("ASGI_JWKS_AUDIENCE", str(issuer.audience))
    assert main(["explain", "Bearer", issuer.access_token()]) == 0


def test_nothing_is_called_valid_without_issuer_and_audience(
    issuer: MockIssuer, capsys: Out
) -> None:
    """O3: whom to trust has to be said."""
    assert main(["explain", issuer.access_token()]) == 3
    assert "ASGI_JWKS_ISSUER is not set" in capsys.readouterr().err
    assert main(["explain", issuer.access_token(), "--issuer", issuer.issuer]) == 3
    told = capsys.readouterr().err
    assert "ASGI_JWKS_AUDIENCE is not set" in told
    assert "On the command line: --issuer and --audience, or --provider." in told


def test_an_audience_that_was_not_compared_is_said_first(issuer: MockIssuer, capsys: Out) -> None:
    """O3, G13: for whatever API."""
    argv = ["--issuer", issuer.issuer, "--insecure-no-audience", "true"]
    assert main(["explain", issuer.access_token(), *argv]) == 0
    assert capsys.readouterr().out.startswith("VALID, for whatever API: no audience was compared")


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(-90.0, "is 90 s behind"), (6.4, "is 6 s ahead of"), (4.9, "agrees with")],
)
def test_the_clock_is_compared_with_the_issuer_s(ahead: float, words: str, capsys: Out) -> None:
    """O2: skew against the issuer's Date."""
    told = Explained(
        verdict=Verdict.VALID,
        reason=None,
        grants=None,
        advice=None,
        clock_ahead=ahead,
        issuers=(),
        audience_compared=True,
        steps=(),
    )
    show(Console(width=80), told)
    assert f"This machine's clock {words} the issuer's." in capsys.readouterr().out


URL = "https://api.example.com/messages?a=b"


def test_a_request_with_its_proof_is_explained(
    issuer: MockIssuer, tmp_path: Path, capsys: Out
) -> None:
    """O4: DPoP requests too; the proof is not printed."""
    key = ProofKey()
    token = issuer.access_token(cnf=key.confirmation)
    proof = key.proof("POST", URL, token)
    path = tmp_path / "proof"
    path.write_text(f"DPoP: {proof}")
    request = ["--proof", f"@{path}", "--request-url", URL, "--request-method", "POST"]
    assert main(["explain", token, *request, *options(issuer)]) == 0
    assert proof[:40] not in capsys.readouterr().out
    assert main(["explain", token, *options(issuer)]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("REFUSED sender_constrained the token is bound to its sender")
    assert "its DPoP proof by --proof and --request-url" in told
    other = [
        "--proof",
        proof,
        "--request-url",
        URL.replace("messages", "me"),
        "--request-method",
        "POST",
    ]
    assert main(["explain", token, *other, *options(issuer)]) == 1
    assert "(7) failed" in capsys.readouterr().out


def test_a_proof_belongs_to_a_url(issuer: MockIssuer, capsys: Out) -> None:
    """O3: wrong use is status 3."""
    token = issuer.access_token()
    for argv in (["--proof", "a.b.c"], ["--request-url", URL]):
        assert main(["explain", token, *argv, *options(issuer)]) == 3
        assert "Give --proof and --request-url together." in capsys.readouterr().err
    argv = ["--proof", "a.b.c", "--request-url", "nonsense"]
    assert main(["explain", token, *argv, *options(issuer)]) == 3
    assert "public_origin" in capsys.readouterr().err
