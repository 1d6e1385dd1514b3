"""The certificate of a client: its sources, and whom they believe (RFC 8705, RFC 9440)."""

import base64
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks import ConfigurationError, InvalidRequest, Reason
from asgi_jwks.binding.certificate import thumbprint_of_der, thumbprint_of_pem
from asgi_jwks.binding.certificate_sources import (
    CertificateField,
    CertificateSource,
    ClientCertField,
    EnvoyXFCC,
    TLSExtension,
    certificate_of,
)
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.testing import ClientCertificate

MINE, OTHER = ClientCertificate.generate("mine"), ClientCertificate.generate("other")
PROXY = "10.0.0.7"
SECRET = "8fK2pQx7Lw0ZrT4v"


def request(
    *fields: tuple[str, str | bytes], client: str | None = PROXY, tls: Any = None
) -> ProofOfPossession:
    return ProofOfPossession(method="GET", url="/", fields=fields, client=client, tls=tls)


def refusal(source: CertificateSource, asked: ProofOfPossession) -> Reason:
    with pytest.raises(InvalidRequest) as caught:
        source.find_certificate(asked)
    assert (caught.value.status, caught.value.error) == (400, "invalid_request")
    return caught.value.reason


CLIENT_CERT = ClientCertField(trusted_proxies=PROXY)
ESCAPED = CertificateField("X-Client-Cert", encoding="url", trusted_proxies=[PROXY])
BASE64 = CertificateField("X-SSL-Client-DER", encoding="base64", trusted_proxies=[PROXY])
FOLDED = CertificateField("SSL-Client-Cert", encoding="pem", trusted_proxies=[PROXY])
XFCC = EnvoyXFCC(trusted_proxies=[PROXY])

FOUND: dict[str, tuple[CertificateSource, ProofOfPossession]] = {
    "Client-Cert": (CLIENT_CERT, request(("Client-Cert", f":{MINE.base64}:"))),
    # RFC 8941, section 4.2.7.
    "Client-Cert without padding": (
        CLIENT_CERT,
        request(("Client-Cert", f":{MINE.base64.rstrip('=')}:")),
    ),
    "an escaped PEM": (ESCAPED, request(("x-client-cert", MINE.escaped))),
    "DER in base64": (BASE64, request(("X-SSL-CLIENT-DER", MINE.base64))),
    "a folded PEM": (FOLDED, request(("SSL-Client-Cert", MINE.pem.replace("\n", " ")))),
    "a PEM with tabs": (FOLDED, request(("SSL-Client-Cert", MINE.pem.replace("\n", "\n\t")))),
    "XFCC by hash": (XFCC, request(("X-Forwarded-Client-Cert", f"Hash={MINE.sha256_hex}"))),
    "XFCC by certificate": (
        XFCC,
        request(("X-Forwarded-Client-Cert", f'By=spiffe://a;Cert="{MINE.escaped}"')),
    ),
    "XFCC whole": (
        XFCC,
        request(
            (
                "X-Forwarded-Client-Cert",
                f'By=http://a;Hash={MINE.sha256_hex};Cert="{MINE.escaped}";Subject="CN=a\\",b;c"'
                ';URI=;DNS="x"',
            )
        ),
    ),
    "the TLS extension, as a chain": (
        TLSExtension(),
        request(tls={"client_cert_chain": [MINE.pem, OTHER.pem], "client_cert_error": None}),
    ),
    "the TLS extension, in DER": (TLSExtension(), request(tls={"client_cert": MINE.der})),
    "the TLS extension, in both forms": (
        TLSExtension(),
        request(tls={"client_cert": MINE.der, "client_cert_chain": (MINE.pem,)}),
    ),
}


@pytest.mark.parametrize(("source", "asked"), FOUND.values(), ids=FOUND)
def test_a_certificate_is_found(source: CertificateSource, asked: ProofOfPossession) -> None:
    """J1: SHA-256 of the certificate's DER; J2: every form of every source."""
    assert source.find_certificate(asked) == MINE.thumbprint


ABSENT: dict[str, tuple[CertificateSource, ProofOfPossession]] = {
    "no field": (CLIENT_CERT, request()),
    "a field of another name": (CLIENT_CERT, request(("Client-Cert-Chain", "x"))),
    "an empty field": (ESCAPED, request(("X-Client-Cert", " "))),
    "no TLS": (TLSExtension(), request()),
    "TLS without a certificate": (TLSExtension(), request(tls={"client_cert_chain": []})),
    "TLS with none": (TLSExtension(), request(tls={"client_cert_chain": None})),
}


@pytest.mark.parametrize(("source", "asked"), ABSENT.values(), ids=ABSENT)
def test_a_request_may_come_without_a_certificate(
    source: CertificateSource, asked: ProofOfPossession
) -> None:
    """J1: which counts as a mismatch."""
    assert source.find_certificate(asked) is None


def xfcc(value: str) -> tuple[CertificateSource, ProofOfPossession]:
    return XFCC, request(("X-Forwarded-Client-Cert", value))


MALFORMED: dict[str, tuple[CertificateSource, ProofOfPossession]] = {
    "two fields": (
        CLIENT_CERT,
        request(("Client-Cert", f":{MINE.base64}:"), ("client-cert", f":{MINE.base64}:")),
    ),
    "two in one": (CLIENT_CERT, request(("Client-Cert", f":{MINE.base64}:, :{OTHER.base64}:"))),
    "without colons": (CLIENT_CERT, request(("Client-Cert", MINE.base64))),
    "colons alone": (CLIENT_CERT, request(("Client-Cert", "::"))),
    "one colon": (CLIENT_CERT, request(("Client-Cert", ":"))),
    "no colon behind it": (CLIENT_CERT, request(("Client-Cert", f":{MINE.base64.rstrip('=')}x"))),
    "no colon before it": (CLIENT_CERT, request(("Client-Cert", f"x{MINE.base64.rstrip('=')}:"))),
    "with a parameter": (CLIENT_CERT, request(("Client-Cert", f":{MINE.base64}:;a=1"))),
    "base64url": (
        CLIENT_CERT,
        request(
            ("Client-Cert", f":{base64.urlsafe_b64encode(MINE.der + bytes(3)).decode()[:-4]}-_8=:")
        ),
    ),
    "not a certificate": (CLIENT_CERT, request(("Client-Cert", ":AAAA:"))),
    "data behind it": (
        CLIENT_CERT,
        request(("Client-Cert", f":{base64.b64encode(MINE.der + b'0').decode()}:")),
    ),
    "half of it": (
        CLIENT_CERT,
        request(("Client-Cert", f":{base64.b64encode(MINE.der[:99]).decode()}:")),
    ),
    "more than 16 KiB": (CLIENT_CERT, request(("Client-Cert", f":{'A' * 20_000}:"))),
    "a PEM of more than 16 KiB": (
        FOLDED,
        request(("SSL-Client-Cert", MINE.pem + " " * 20_000 + "x")),
    ),
    "an escaped PEM of more than 16 KiB": (ESCAPED, request(("X-Client-Cert", "%20" * 9_000))),
    "two PEM blocks": (ESCAPED, request(("X-Client-Cert", MINE.escaped + OTHER.escaped))),
    "a text before the PEM": (ESCAPED, request(("X-Client-Cert", "Bag%20" + MINE.escaped))),
    "a text behind the PEM": (ESCAPED, request(("X-Client-Cert", MINE.escaped + "x"))),
    "a private key": (ESCAPED, request(("X-Client-Cert", MINE.key_pem.decode()))),
    "one letter": (ESCAPED, request(("X-Client-Cert", "X"))),
    # RFC 9110, section 5.5: around a value stand spaces and tabs.
    "a form feed": (ESCAPED, request(("X-Client-Cert", "\f"))),
    "a broken escape": (ESCAPED, request(("X-Client-Cert", MINE.escaped + "%2"))),
    "a chain": (BASE64, request(("X-SSL-Client-DER", f"{MINE.base64},{OTHER.base64}"))),
    "XFCC with two elements": xfcc(f"Hash={MINE.sha256_hex},Hash={OTHER.sha256_hex}"),
    "XFCC with two elements, quoted": xfcc(f'Subject="a",Hash={OTHER.sha256_hex}'),
    "XFCC with two hashes": xfcc(f"Hash={MINE.sha256_hex};Hash={MINE.sha256_hex}"),
    "XFCC with hashes in two cases": xfcc(f"Hash={MINE.sha256_hex};hash={OTHER.sha256_hex}"),
    "XFCC with two certificates": xfcc(f"Cert={MINE.escaped};Cert={OTHER.escaped}"),
    "XFCC whose hash is another's": xfcc(f'Hash={OTHER.sha256_hex};Cert="{MINE.escaped}"'),
    "XFCC without a certificate": xfcc("By=a;Subject=b"),
    "XFCC with a short hash": xfcc(f"Hash={MINE.sha256_hex[:-2]}"),
    "XFCC with a quoted short hash": xfcc('Hash="ab"'),
    "XFCC with an open quote": xfcc(f'Hash={MINE.sha256_hex};Subject="a'),
    "XFCC with an escape at its end": xfcc(f'Hash={MINE.sha256_hex};Subject="a\\'),
    "XFCC that is no list": xfcc(MINE.sha256_hex),
    "XFCC with a name that is none": xfcc(f"H ash={MINE.sha256_hex}"),
    "XFCC with more behind a quote": xfcc(f'Subject="a"b;Hash={MINE.sha256_hex}'),
    "XFCC with a semicolon at its end": xfcc(f"Hash={MINE.sha256_hex};"),
    "TLS with an error": (
        TLSExtension(),
        request(tls={"client_cert_chain": [MINE.pem], "client_cert_error": "expired"}),
    ),
    "TLS with a chain of bytes": (TLSExtension(), request(tls={"client_cert_chain": [MINE.der]})),
    "TLS with a chain that is one text": (TLSExtension(), request(tls={"client_cert_chain": "A"})),
    "TLS with a surrogate": (TLSExtension(), request(tls={"client_cert_chain": ["\ud800"]})),
    "TLS with a certificate as text": (TLSExtension(), request(tls={"client_cert": MINE.pem})),
    "TLS with two certificates": (
        TLSExtension(),
        request(tls={"client_cert": MINE.der, "client_cert_chain": [OTHER.pem]}),
    ),
    "TLS with DER and more": (TLSExtension(), request(tls={"client_cert": MINE.der + b"\0"})),
}


@pytest.mark.parametrize(("source", "asked"), MALFORMED.values(), ids=MALFORMED)
def test_whatever_is_not_one_certificate_is_refused(
    source: CertificateSource, asked: ProofOfPossession
) -> None:
    """J4: repeated fields, several certificates, elements or hashes, trailing data, 16 KiB."""
    assert refusal(source, asked) is Reason.MALFORMED_CERTIFICATE


def test_padding_is_there_or_it_is_not() -> None:
    """J4: RFC 8941, section 4.2.7, knows nothing between."""
    made = (ClientCertificate.generate("a" * length) for length in range(1, 60))
    certificate = next(each for each in made if each.base64.endswith("=="))
    for text in (certificate.base64, certificate.base64[:-2]):
        asked = request(("Client-Cert", f":{text}:"))
        assert CLIENT_CERT.find_certificate(asked) == certificate.thumbprint
    asked = request(("Client-Cert", f":{certificate.base64[:-1]}:"))
    assert refusal(CLIENT_CERT, asked) is Reason.MALFORMED_CERTIFICATE


Believing = Callable[..., CertificateSource]

FIELDS: list[tuple[Believing, tuple[str, str]]] = [
    (ClientCertField, ("Client-Cert", f":{MINE.base64}:")),
    (partial(CertificateField, "X-Cert", encoding="url"), ("X-Cert", MINE.escaped)),
    (EnvoyXFCC, ("X-Forwarded-Client-Cert", f"Hash={MINE.sha256_hex}")),
]


@pytest.mark.parametrize(
    ("proxies", "client", "believed"),
    [
        ("10.0.0.7", "10.0.0.7", True),
        ("10.0.0.7", "10.0.0.8", False),
        (["10.0.0.0/8", "fd00::/8"], "10.9.9.9", True),
        (["10.0.0.0/8", "fd00::/8"], "fd00::1", True),
        (["10.0.0.0/8", "fd00::/8"], "::1", False),
        ("10.0.0.7", "::ffff:10.0.0.7", True),
        ("10.0.0.7", None, False),
        ("10.0.0.7", "testclient", False),
        ("10.0.0.7", "", False),
        ("unix", None, True),
        ("unix", "10.0.0.7", False),
        (["unix", "10.0.0.7"], None, True),
    ],
)
def test_a_field_is_believed_from_trusted_proxies_only(
    proxies: Any, client: str | None, believed: bool
) -> None:
    """J3: from others the request is refused; "unix" may be named. So it is of each field."""
    for make, field in FIELDS:
        source = make(trusted_proxies=proxies)
        asked = request(field, client=client)
        if believed:
            assert source.find_certificate(asked) == MINE.thumbprint
        else:
            assert refusal(source, asked) is Reason.UNTRUSTED_CERTIFICATE_FIELD
        assert source.find_certificate(request(client=client)) is None


@pytest.mark.parametrize(
    ("fields", "believed"),
    [
        ([("X-Proxy-Secret", SECRET)], True),
        ([("x-proxy-secret", SECRET)], True),
        ([], False),
        ([("X-Proxy-Secret", SECRET[:-1])], False),
        ([("X-Proxy-Secret", "")], False),
        ([("X-Proxy-Secret", "\u00e9")], False),
        ([("X-Proxy-Secret", SECRET), ("X-Proxy-Secret", SECRET)], False),
        ([("X-Proxy-Secret", f"{SECRET}, {SECRET}")], False),
    ],
)
def test_a_secret_of_the_proxy_proves_what_an_address_cannot(
    fields: list[tuple[str, str]], believed: bool
) -> None:
    """J3: where the server rewrites addresses; with both, both must hold. So it is of each."""
    secret = ("X-Proxy-Secret", SECRET)
    for make, field in FIELDS:
        alone = make(proxy_secret=secret)
        both = make(proxy_secret=secret, trusted_proxies=[PROXY])
        near, far = (request(field, *fields, client=each) for each in (PROXY, "203.0.113.9"))
        for source, asked in ((alone, near), (alone, far), (both, near)):
            if believed:
                assert source.find_certificate(asked) == MINE.thumbprint
            else:
                assert refusal(source, asked) is Reason.UNTRUSTED_CERTIFICATE_FIELD
        assert refusal(both, far) is Reason.UNTRUSTED_CERTIFICATE_FIELD


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"trusted_proxies": []},
        {"trusted_proxies": 1},
        {"trusted_proxies": [1]},
        {"trusted_proxies": "proxy.example"},
        {"trusted_proxies": ["10.0.0.7/8"]},
        {"trusted_proxies": [b"unix"]},
        {"proxy_secret": "X-Proxy-Secret"},
        {"proxy_secret": ("X-Proxy-Secret",)},
        {"proxy_secret": ("X-Proxy-Secret", "short")},
        {"proxy_secret": ("", SECRET)},
        {"proxy_secret": ("X-Proxy-Secret", "\u00e9" * 20)},
        {"proxy_secret": ("X-\u00e9", SECRET)},
        {"proxy_secret": (b"X-Proxy-Secret", SECRET.encode())},
    ],
)
def test_whom_to_believe_has_to_be_said(options: dict[str, Any]) -> None:
    """J2, J3, A11: no source believes everybody."""
    for source in (ClientCertField, EnvoyXFCC):
        with pytest.raises(ConfigurationError):
            source(**options)


@pytest.mark.parametrize(
    ("name", "encoding", "told"),
    [
        ("", "url", r"^name must be .* name='X-Client-Cert'\.$"),
        (1, "url", r"^name must be .* name='X-Client-Cert'\.$"),
        ("X Y", "url", r"^name must be the name of a header field; got 'X Y'\."),
        ("X-\u00e9", "url", r"^name must be the name of a header field; "),
        ("X", "der", "^encoding must be "),
        ("X", None, "^encoding must be "),
        ("X", ["url"], "^encoding must be "),
    ],
)
def test_a_field_has_a_name_and_an_encoding(name: Any, encoding: Any, told: str) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=told):
        CertificateField(name, encoding=encoding, trusted_proxies=PROXY)


def test_two_sources_agree_or_the_request_is_refused() -> None:
    """J4: several certificates."""
    field = ("Client-Cert", f":{MINE.base64}:")
    sources: list[CertificateSource] = [TLSExtension(), CLIENT_CERT]
    assert certificate_of(sources, request()) is None
    assert certificate_of(sources, request(field)) == MINE.thumbprint
    assert certificate_of(sources, request(field, tls={"client_cert": MINE.der})) == MINE.thumbprint
    with pytest.raises(InvalidRequest):
        certificate_of(sources, request(field, tls={"client_cert": OTHER.der}))


def test_a_repr_tells_no_secret() -> None:
    """H1"""
    source = ClientCertField(proxy_secret=("X-Proxy-Secret", SECRET))
    assert repr(source) == "ClientCertField('Client-Cert')"
    assert repr(XFCC) == "EnvoyXFCC('X-Forwarded-Client-Cert')"
    assert repr(TLSExtension()) == "TLSExtension()"
    assert SECRET not in repr(request(("X-Proxy-Secret", SECRET)))


@pytest.mark.parametrize(
    "pem", [b" " * 16_000 + b"-", b"-----BEGIN CERTIFICATE-----" + b" " * 16_000]
)
def test_a_long_field_is_refused(pem: bytes) -> None:
    """W4"""
    with pytest.raises(InvalidRequest):
        thumbprint_of_pem(pem)


@examples(200)
@given(value=st.binary(max_size=60) | st.text(st.sampled_from('Hashcert=";,\\%2a-'), max_size=40))
def test_any_value_of_a_field_is_read_or_refused(value: bytes | str) -> None:
    """A8, J4"""
    octets = value if isinstance(value, bytes) else value.encode()
    for source in (CLIENT_CERT, ESCAPED, BASE64, FOLDED, XFCC):
        fields = [(source.name, octets)]
        asked = ProofOfPossession(method="GET", url="/", fields=fields, client=PROXY)
        with contextlib.suppress(InvalidRequest):
            assert source.find_certificate(asked) is None


def test_a_certificate_is_itself_at_most_16_kib() -> None:
    """J4"""
    assert thumbprint_of_der(MINE.der) == ClientCertificate(MINE.der).thumbprint
    with pytest.raises(InvalidRequest):
        thumbprint_of_der(bytes(16 * 1024 + 1))
