"""Requests that prove whose token they bring: pasted whole, or by options."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asgi_jwks.cli import main
from asgi_jwks.cli.pasted_request import pasted_request
from asgi_jwks.testing import MockIssuer, ProofKey, SigningKey
from asgi_jwks.testing.certificates import ClientCertificate

KEY = SigningKey.generate("ES256")
HOLDER = ProofKey()
CERTIFICATE, OTHER = ClientCertificate.generate(), ClientCertificate.generate()
URL = "https://api.example.com/messages?a=b"
Out = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(key=KEY)
    with issuer.serve():
        yield issuer


@pytest.fixture
def explain(issuer: MockIssuer) -> Callable[..., int]:
    trusted = ["--issuer", issuer.issuer, "--audience", str(issuer.audience)]
    return lambda *argv: main(["explain", *argv, *trusted, "--algorithms", "ES256"])


def words(capsys: Out) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_a_token_that_is_bound_to_a_certificate_is_explained_with_it(
    issuer: MockIssuer, explain: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    """O4: mTLS, in PEM; with the thumbprint that is expected, and the one that is found."""
    token = issuer.access_token(cnf=CERTIFICATE.confirmation)
    pem, der = tmp_path / "client.pem", tmp_path / "client.der"
    # A chain: the client's own certificate is the first.
    pem.write_text(CERTIFICATE.pem + OTHER.pem)
    der.write_bytes(OTHER.der)
    assert explain(token, "--certificate", str(pem)) == 0
    thumbprint = CERTIFICATE.thumbprint
    assert (
        f"(7) passed its binding, and your own checks binding: the client's certificate, with "
        f"the thumbprint '{thumbprint}'" in words(capsys)
    )
    assert explain(token, "--certificate", str(der)) == 1
    told = words(capsys)
    assert told.startswith("REFUSED wrong_certificate")
    assert "have the client connect with the certificate that it asked for the token with" in told
    assert f"expected the client's certificate, with the thumbprint '{thumbprint}'" in told
    assert f"found the thumbprint {OTHER.thumbprint}" in told
    assert explain(token) == 1
    told = words(capsys)
    assert "give the client's certificate by --certificate, its DPoP proof by --proof" in told
    assert "certificate_sources" not in told
    # A token that is bound to both, with its proof alone.
    token = issuer.access_token(cnf={**CERTIFICATE.confirmation, **HOLDER.confirmation})
    proof = HOLDER.proof("GET", "https://api.example.com/", token)
    assert explain(token, "--proof", proof, "--request-url", "https://api.example.com/") == 1
    assert "which was not given: give it by --certificate" in words(capsys)


@pytest.mark.parametrize("octets", [b"", b"\xff\x00", b"-----BEGIN CERTIFICATE-----\nnonsense"])
def test_anything_else_than_a_certificate_is_wrong_use(
    octets: bytes, explain: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    """O3, O4: status 3, and 2 where there is no file."""
    path = tmp_path / "client.pem"
    assert explain("a.b.c", "--certificate", str(path)) == 2
    path.write_bytes(octets)
    assert explain("a.b.c", "--certificate", str(path)) == 3
    assert "is not a certificate in PEM or DER" in capsys.readouterr().err


def dpop_request(
    issuer: MockIssuer, *, prefix: str = "", host: str = "Host: api.example.com"
) -> str:
    token = issuer.access_token(cnf=HOLDER.confirmation)
    proof = HOLDER.proof("POST", URL, token)
    lines = [
        "POST /messages?a=b HTTP/1.1",
        "Host: api.example.com",
        f"Authorization: DPoP {token}",
        f"dpop: {proof}",
        "",
        "body: not a field of the head",
    ]
    return "\n".join(f"{prefix}{line}" for line in lines)


@pytest.mark.parametrize("prefix", ["", "> "])
def test_a_pasted_request_has_the_token_its_scheme_and_its_proof(
    prefix: str, issuer: MockIssuer, explain: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    """O4: as a log has it, or `curl -v`; and nothing of it is echoed."""
    path, request = tmp_path / "request", dpop_request(issuer, prefix=prefix)
    path.write_text(f"* Connected\n{request}\n< HTTP/1.1 401" if prefix else request)
    assert explain("--request", str(path)) == 0
    told = words(capsys)
    assert f"a DPoP proof by the key with the thumbprint '{HOLDER.thumbprint}'" in told
    assert "eyJ" not in told
    elsewhere = "https://other.example.com/messages?a=b"
    assert explain("--request", str(path), "--request-url", elsewhere) == 1
    told = words(capsys)
    assert told.startswith("REFUSED proof_url")
    assert "public_origin of DPoP must be the address that clients use" in told


def test_a_pasted_request_may_come_from_standard_input(
    issuer: MockIssuer, explain: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(dpop_request(issuer)))
    assert explain("--request", "-") == 0


def test_octets_of_any_kind_may_come_from_standard_input(
    explain: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """O3: never a traceback; a certificate in DER too."""
    for octets, status in ((b"\xff\xfe.b.c", 1), (b"a.b.c", 1)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets), "ascii"))
        assert explain("-") == status
        assert "REFUSED malformed" in words(capsys)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CERTIFICATE.der), "utf-8"))
    assert explain("a.b.c", "--certificate", "-") == 1


def test_the_settings_about_proofs_win_over_the_assumed_ones(
    issuer: MockIssuer, explain: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    """O4: the origin that the API states is the one that the proof has to be for."""
    path = tmp_path / "request"
    path.write_text(dpop_request(issuer))
    stated = ["--request", str(path), "--dpop-public-origin"]
    assert explain(*stated, "https://api.example.com") == 0
    assert explain(*stated, "https://other.example.com") == 1
    assert "REFUSED proof_url" in words(capsys)
    der = tmp_path / "client.der"
    der.write_bytes(OTHER.der)
    token = issuer.access_token(cnf=CERTIFICATE.confirmation)
    by_gateway = ["--certificate", str(der), "--gateway-proves-binding", "true"]
    assert explain(token, *by_gateway) == 0


def test_the_certificate_of_a_pasted_request_is_the_one_that_the_proxy_wrote(
    issuer: MockIssuer, explain: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    """O4: RFC 9440 and Envoy; whoever pastes a request vouches for its proxy."""
    path = tmp_path / "request"
    token = issuer.access_token(cnf=CERTIFICATE.confirmation)
    head = f"GET /messages HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer {token}\r\n"
    path.write_text(f"{head}Client-Cert: {CERTIFICATE.client_cert}\r\n\r\n")
    assert explain("--request", str(path)) == 0
    path.write_text(f"{head}X-Forwarded-Client-Cert: Hash={OTHER.sha256_hex}\r\n\r\n")
    assert explain("--request", str(path)) == 1
    assert "REFUSED wrong_certificate" in words(capsys)
    path.write_text(f"{head}Client-Cert: nonsense\r\n\r\n")
    assert explain("--request", str(path), "--request-from", "10.0.0.7") == 1
    assert "look at how your proxy writes the certificate" in words(capsys)
    assert explain("--request", str(path), "--request-from", "nonsense") == 3


def test_an_application_finds_the_certificate_in_the_field_that_it_reads(
    module: Callable[[str], str], trusted_issuer: MockIssuer, tmp_path: Path, capsys: Out
) -> None:
    """O4: by its own settings, which believe certain proxies alone."""
    path = tmp_path / "request"
    token = trusted_issuer.access_token(cnf=CERTIFICATE.confirmation)
    path.write_text(
        f"GET / HTTP/1.1\nHost: a\nAuthorization: Bearer {token}\n"
        f"X-Client-Cert: {CERTIFICATE.escaped}"
    )
    argv = ["explain", "--app", module("bound"), "--request", str(path)]
    assert main([*argv, "--request-from", "10.0.0.7"]) == 0
    assert main(argv) == 1
    assert "only a proxy may send that field" in words(capsys)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The request has no first line"),
        ("Authorization: Bearer secret-secret", "The request has no first line"),
        ("GET / HTTP/1.1\nsecret-secret", "Line 2 of the request is not a field"),
        ("GET / HTTP/1.1\nHost: a", "has 0 Authorization fields, not one"),
        ("GET / HTTP/1.1\nAuthorization: DPoP a.b.c\nDPoP: d", "has no Host"),
        (
            "GET / HTTP/1.1\nHost: [::\nAuthorization: DPoP a.b.c\nDPoP: d",
            "public_origin",
        ),
        ("GET / HTTP/1.1\nHost: a\nAuthorization: Bearer a b secret-secret", "Give one token"),
    ],
)
def test_a_request_of_another_form_is_wrong_use(
    text: str, said: str, explain: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    """O3: with a sentence, and without the text."""
    path = tmp_path / "request"
    path.write_text(text)
    assert explain("--request", str(path)) == 3
    error = capsys.readouterr().err
    assert said in error
    assert "secret-secret" not in error


def test_a_pasted_request_stands_alone(explain: Callable[..., int], capsys: Out) -> None:
    """O3: wrong use is status 3."""
    for more in (["a.b.c"], ["--proof", "a.b.c"], ["--request-method", "PUT"]):
        assert explain("--request", "-", *more) == 3
        assert "give it without them" in capsys.readouterr().err
    assert explain() == 3
    assert "Missing argument 'TOKEN'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "target", "url"),
    [
        ("api.example.com", "/a?b=c", "https://api.example.com/a?b=c"),
        ("127.0.0.1:8000", "/a", "http://127.0.0.1:8000/a"),
        ("api.example.com", "https://other.example/a", "https://other.example/a"),
    ],
)
def test_the_url_of_a_pasted_request_is_that_of_its_host(host: str, target: str, url: str) -> None:
    request = pasted_request(f"GET {target} HTTP/1.1\nHost: {host}\nAuthorization: Bearer secret")
    assert request.url == url
    assert "secret" not in repr(request)
