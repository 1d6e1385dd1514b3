import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cli_schema import validated

from asgi_jwks.cli import main
from asgi_jwks.testing import MockIssuer, SigningKey

RSA = SigningKey.generate("RS256", kid="an-rsa-key")


@pytest.fixture
def issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(key=RSA)
    with issuer.serve():
        yield issuer


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    return capsys


@pytest.mark.parametrize(
    "form",
    [
        "{url}",
        "{url}.well-known/jwks.json",
        "{url}.well-known/openid-configuration",
        "{url}.well-known/oauth-authorization-server",
    ],
)
def test_an_issuer_is_discovered_and_a_url_is_read_as_it_is(
    form: str, issuer: MockIssuer, out: pytest.CaptureFixture[str]
) -> None:
    """Issue 15: keys ISSUER|URL."""
    assert main(["keys", form.format(url=issuer.url)]) == 0
    text = out.readouterr().out
    assert text.startswith(issuer.jwks_uri)
    assert re.search(r"ok  RSA  RS256  sig  2048 bits  an-rsa-key", text)
    assert "1 of 1 keys are usable." in text


@pytest.mark.parametrize("form", ["openid-configuration", "oauth-authorization-server/tenant"])
def test_the_metadata_of_an_issuer_with_a_path_leads_to_it(
    form: str, out: pytest.CaptureFixture[str]
) -> None:
    with MockIssuer(issuer="http://127.0.0.1/tenant", key=RSA).serve() as origin:
        pass
    issuer = MockIssuer(issuer=f"{origin}tenant", key=RSA)
    with issuer.serve(port=int(origin.rstrip("/").rpartition(":")[2])):
        issuer.discovery.document(
            {"issuer": f"{origin}tenant", "jwks_uri": f"{origin}tenant/.well-known/jwks.json"}
        )
        base = f"{origin}tenant/" if form == "openid-configuration" else origin
        assert main(["keys", f"{base}.well-known/{form}"]) == 0
    assert "an-rsa-key" in out.readouterr().out


def test_the_json_has_every_key_and_the_cache(
    issuer: MockIssuer, out: pytest.CaptureFixture[str]
) -> None:
    """O3: the JSON is as the schema says."""
    issuer.publish({"kty": "oct", "k": "AAAA", "kid": "\x1b[31m"})
    issuer.jwks.cache_control = "max-age=30"
    assert main(["keys", issuer.url, "--json"]) == 0
    told = validated(out.readouterr().out)
    first, second = told["keys"]
    assert first["usable"] is True
    assert len(first["thumbprint"]) == 43
    assert (second["usable"], second["reason"]) == (False, "symmetric_key")
    assert second["kid"] == r"\x1b[31m"
    assert told["usable"] == 1
    assert told["cache"]["advised"] == 30
    assert told["cache"]["used"] == 60


def test_the_freshness_is_told_in_words(
    issuer: MockIssuer, out: pytest.CaptureFixture[str]
) -> None:
    issuer.jwks.cache_control = "max-age=300"
    assert main(["keys", issuer.url]) == 0
    text = " ".join(out.readouterr().out.split())
    assert 'Cache-Control: max-age=300, ETag: "' in text
    assert "Taken for fresh for 300 s." in text


def written(path: Path, document: object) -> str:
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return str(path)


CERTIFICATE = json.loads((Path(__file__).parent / "certificate.json").read_text(encoding="ascii"))


def test_a_file_is_read_and_a_certificate_s_end_is_told(
    tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    """Issue 15: keys FILE, and the end of the certificate."""
    path = written(tmp_path / "keys.json", {"keys": [CERTIFICATE]})
    assert main(["keys", path]) == 0
    text = out.readouterr().out
    assert "certificate ends 2020-01-02 00:00:00+00:00," in " ".join(text.split())
    assert "Cache-Control" not in text
    assert main(["keys", path, "--json"]) == 0
    told = validated(out.readouterr().out)
    assert told["cache"] is None
    assert told["keys"][0]["certificate_ends"] == "2020-01-02 00:00:00+00:00"


SMALL = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "small"}


@pytest.mark.parametrize(
    ("document", "reasons"),
    [
        ({"keys": [SMALL]}, ["rsa_modulus_too_small"]),
        ({"keys": [3, {"kid": 7}]}, ["not_an_object", "missing_member"]),
        ({"keys": []}, []),
        ({}, []),
        ([], []),
        (b"\xff", []),
        (b'{"keys": [' + json.dumps(RSA.public_jwk()).encode() + b'], "keys": 1}', []),
        (
            b'{"keys": [' + json.dumps(RSA.public_jwk()).encode() + b'], "a": 1, "a": 1}',
            ["unreadable_document"],
        ),
    ],
)
def test_a_set_that_nobody_can_use_is_listed_with_the_reasons(
    document: object, reasons: list[str], tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    """O3: refused is status 1."""
    path = written(tmp_path / "keys.json", document)
    assert main(["keys", path]) == 1
    text = out.readouterr().out
    assert "Not usable: " in text
    assert all(reason in text for reason in reasons)
    assert main(["keys", path, "--json"]) == 1
    told = validated(out.readouterr().out)
    assert [key["reason"] for key in told["keys"]] == reasons


@pytest.mark.parametrize(
    "member",
    [
        {"n": "!"},
        {"n": ""},
        {"n": 7},
        {"x5c": "x"},
        {"x5c": []},
        {"x5c": [1]},
        {"x5c": ["!"]},
        {"x5c": ["AAAA"]},
    ],
)
def test_members_of_any_form_are_no_trouble(
    member: dict[str, object], tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    document = {"keys": [RSA.public_jwk(), {**SMALL, **member}]}
    assert main(["keys", written(tmp_path / "keys.json", document), "--json"]) == 0
    _, bent = validated(out.readouterr().out)["keys"]
    assert not bent["usable"]
    assert bent["certificate_ends"] is None


def test_more_keys_than_are_kept_are_listed_too(
    tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    key = SigningKey.generate("ES256").public_jwk()
    document = {"keys": [{**key, "kid": str(number)} for number in range(515)]}
    assert main(["keys", written(tmp_path / "keys.json", document), "--json"]) == 0
    told = validated(out.readouterr().out)
    assert told["usable"] == 512
    assert [key["reason"] for key in told["keys"][-4:]] == [None, *["too_many_keys"] * 3]


def test_an_endpoint_that_does_not_answer_leaves_the_question_open(
    issuer: MockIssuer, out: pytest.CaptureFixture[str]
) -> None:
    """O3: status 2, nothing can be said."""
    issuer.discovery.hang()
    assert main(["keys", issuer.url, "--deadline", "0.2"]) == 2
    assert "No answer from the issuer within 0.2 s." in out.readouterr().err
    issuer.discovery.recover()
    issuer.jwks.fail(500)
    assert main(["keys", issuer.url, "--json"]) == 2
    assert "HTTP status 500" in validated(out.readouterr().out)["error"]


def test_a_url_with_a_query_is_a_key_set_s_and_not_an_issuer_s(
    issuer: MockIssuer, out: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", f"{issuer.jwks_uri}?a=b"]) == 0
    assert main(["keys", f"{issuer.url}?a=b"]) == 2
    assert "without a query" in out.readouterr().err


def test_a_file_that_is_too_large_or_unreadable_is_a_sentence(
    tmp_path: Path, out: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "keys.json", b" " * (512 * 1024 + 1))
    assert main(["keys", path]) == 2
    assert "is larger than 524288 bytes" in out.readouterr().err

    def refuse(*_: object) -> None:
        raise PermissionError("Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert main(["keys", path]) == 2
    assert "cannot be read" in out.readouterr().err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nonsense", "neither a file nor a URL"),
        ("http://example.com/", "must be an https URL"),
        ("ftp://example.com/", "must be an absolute https URL"),
    ],
)
def test_a_source_that_is_neither_is_wrong_use(
    source: str, words: str, out: pytest.CaptureFixture[str]
) -> None:
    """O3: status 3."""
    assert main(["keys", source]) == 3
    assert words in out.readouterr().err
