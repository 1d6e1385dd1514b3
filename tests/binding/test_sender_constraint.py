"""Tokens, and all that a request has to prove for them."""

from hashlib import sha256
from typing import Any

import pytest
from tests.binding.conftest import NOW, TOKEN, URL

from asgi_jwks import ConfigurationError, InvalidProof, InvalidRequest, InvalidToken, Reason
from asgi_jwks.binding.certificate_sources import ClientCertField, TLSExtension
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.binding.nonce import DPoPNonces
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.binding.sender_constraint import SenderConstraint, sender_constraint
from asgi_jwks.errors import NonceRequired
from asgi_jwks.testing import ClientCertificate
from asgi_jwks.testing.proofs import ProofKey

pytestmark = pytest.mark.anyio

ORIGIN = "https://api.example.com"
DIGEST = sha256(TOKEN.encode()).digest()
CERTIFICATE = ClientCertificate.generate()
SECRET = "Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"


def constraint(*, sources: tuple[Any, ...] = (), **options: Any) -> SenderConstraint:
    dpop = DPoP(**{"public_origin": ORIGIN, **options}) if options is not None else None
    return SenderConstraint(dpop, sources)


def request(proof: str | None = None, **changed: Any) -> ProofOfPossession:
    given: dict[str, Any] = {
        "method": "GET",
        "url": "/messages",
        "fields": [] if proof is None else [("DPoP", proof)],
        **changed,
    }
    return ProofOfPossession(**given)


async def refusal(
    rule: SenderConstraint, claims: dict[str, Any], asked: ProofOfPossession | None
) -> Reason:
    with pytest.raises((InvalidToken, InvalidProof, InvalidRequest)) as caught:
        await rule.check(claims, DIGEST, asked, NOW)
    reason: Reason = caught.value.reason
    return reason


class SyncStore:
    """It would block the event loop, and answer with what cannot be awaited."""

    def first_use(self, key: bytes, ttl: float) -> bool:
        raise NotImplementedError


@pytest.fixture
def bound(proof_key: ProofKey) -> dict[str, Any]:
    return {"cnf": proof_key.confirmation}


async def test_a_bound_token_passes_with_its_proof_once(
    proof_key: ProofKey, bound: dict[str, Any]
) -> None:
    """I1, I6, I11"""
    rule = constraint()
    asked = request(proof_key.proof("GET", URL, TOKEN))
    await rule.check(bound, DIGEST, asked, NOW)
    assert asked.new_nonce is None
    again = request(asked.values(b"dpop")[0].decode())
    assert await refusal(rule, bound, again) is Reason.REPLAYED_PROOF


async def test_a_bound_token_is_no_bearer_token(proof_key: ProofKey, bound: dict[str, Any]) -> None:
    """I10: not with a good proof either, nor where nothing of the request is known."""
    asked = request(proof_key.proof("GET", URL, TOKEN), scheme="Bearer")
    for rule in (constraint(), SenderConstraint(None, (TLSExtension(),))):
        assert await refusal(rule, bound, asked) is Reason.SENDER_CONSTRAINED
        assert await refusal(rule, bound, None) is Reason.SENDER_CONSTRAINED


async def test_an_unbound_token_is_not_for_the_dpop_scheme(proof_key: ProofKey) -> None:
    """I10"""
    asked = request(proof_key.proof("GET", URL, TOKEN))
    assert await refusal(constraint(), {}, asked) is Reason.NOT_BOUND
    assert await refusal(SenderConstraint(None, (TLSExtension(),)), {}, asked) is Reason.NOT_BOUND


async def test_an_unbound_token_passes_as_bearer_unless_bound_ones_are_required() -> None:
    """I1: allowed, required."""
    for asked in (None, request(scheme="Bearer")):
        await constraint().check({}, DIGEST, asked, NOW)
        assert await refusal(constraint(mode="required"), {}, asked) is Reason.NOT_BOUND


async def test_a_missing_proof_is_the_fault_of_the_proof(bound: dict[str, Any]) -> None:
    """I2, I15: invalid_dpop_proof for the proof."""
    assert await refusal(constraint(), bound, request()) is Reason.MISSING_PROOF
    two = request(fields=[("DPoP", "a"), ("dpop", b"b")])
    assert await refusal(constraint(), bound, two) is Reason.REPEATED_PROOF


async def test_a_proof_of_another_request_is_refused(
    proof_key: ProofKey, bound: dict[str, Any]
) -> None:
    """I4, I7, I8"""
    proof = proof_key.proof("GET", URL, TOKEN)
    rule = constraint()
    assert await refusal(rule, bound, request(proof, method="POST")) is Reason.PROOF_METHOD
    assert await refusal(rule, bound, request(proof, url="/messages/1")) is Reason.PROOF_URL
    assert await refusal(rule, bound, request(proof, url="*")) is Reason.PROOF_URL
    elsewhere = request(proof, url="https://evil.example/messages")
    assert await refusal(rule, bound, elsewhere) is Reason.PROOF_URL
    with pytest.raises(InvalidProof):
        await rule.check(bound, sha256(b"other").digest(), request(proof), NOW)


@pytest.mark.parametrize(
    "url",
    ["/messages?a=b", "https://api.example.com/messages", "HTTPS://api.example.com:443/messages#a"],
)
async def test_a_url_is_a_path_or_whole_and_of_the_public_origin(
    proof_key: ProofKey, bound: dict[str, Any], url: str
) -> None:
    """I8"""
    proof = proof_key.proof("GET", URL, TOKEN)
    await constraint().check(bound, DIGEST, request(proof, url=url), NOW)


async def test_a_url_is_below_the_prefix_of_the_origin(
    proof_key: ProofKey, bound: dict[str, Any]
) -> None:
    """I8: with a path prefix, and one of several origins."""
    rule = constraint(public_origin=["https://a.example", f"{ORIGIN}/v1/"])
    for url, htu in (("/a", f"{ORIGIN}/v1/a"), (f"{ORIGIN}/v1", f"{ORIGIN}/v1")):
        proof = proof_key.proof("GET", htu, TOKEN)
        await rule.check(bound, DIGEST, request(proof, url=url), NOW)
    proof = proof_key.proof("GET", f"{ORIGIN}/v10/a", TOKEN)
    asked = request(proof, url=f"{ORIGIN}/v10/a")
    assert await refusal(rule, bound, asked) is Reason.PROOF_URL


async def test_a_request_as_a_server_reads_it(proof_key: ProofKey, bound: dict[str, Any]) -> None:
    """I8: the raw path."""
    asked = ProofOfPossession.received(
        method="GET",
        path=b"/messages?x",
        fields=[(b"host", b"evil.example"), (b"dpop", proof_key.proof("GET", URL, TOKEN).encode())],
        uses_dpop=True,
        client=None,
        tls=None,
        used=set(),
    )
    await constraint().check(bound, DIGEST, asked, NOW)


async def test_a_gate_in_front_of_another_verifier_may_leave_proofs_unused(
    proof_key: ProofKey, bound: dict[str, Any]
) -> None:
    """I13: `consume_proofs=False`, never the default."""
    rule = constraint(consume_proofs=False)
    for _ in range(2):
        await rule.check(bound, DIGEST, request(proof_key.proof("GET", URL, TOKEN, jti="a")), NOW)


async def test_a_nonce_is_told_with_the_refusal_and_with_a_good_answer(
    proof_key: ProofKey, bound: dict[str, Any]
) -> None:
    """I14"""
    rule = constraint(nonces=DPoPNonces(SECRET))
    with pytest.raises(NonceRequired) as caught:
        await rule.check(bound, DIGEST, request(proof_key.proof("GET", URL, TOKEN)), NOW)
    nonce = caught.value.nonce
    asked = request(proof_key.proof("GET", URL, TOKEN, nonce=nonce))
    await rule.check(bound, DIGEST, asked, NOW)
    assert asked.new_nonce is None
    asked = request(proof_key.proof("GET", URL, TOKEN, nonce=nonce))
    await rule.check(bound, DIGEST, asked, NOW + 60)
    assert asked.new_nonce not in (None, nonce)


async def test_a_certificate_bound_token_passes_with_its_certificate() -> None:
    """J1: as a Bearer token, and where the proof is the certificate alone."""
    rule = constraint(sources=(TLSExtension(),))
    claims = {"cnf": {"x5t#S256": CERTIFICATE.thumbprint}}
    tls = {"client_cert": CERTIFICATE.der}
    await rule.check(claims, DIGEST, request(scheme="bearer", tls=tls), NOW)
    assert await refusal(rule, claims, request(tls=tls)) is Reason.NOT_BOUND
    required = constraint(sources=(TLSExtension(),), mode="required")
    assert await refusal(required, claims, request(scheme="Bearer", tls=tls)) is Reason.NOT_BOUND


@pytest.mark.parametrize("tls", [None, {}, {"client_cert": ClientCertificate.generate().der}])
async def test_no_certificate_counts_as_a_mismatch(tls: Any) -> None:
    """J1"""
    rule = constraint(sources=(TLSExtension(),))
    claims = {"cnf": {"x5t#S256": CERTIFICATE.thumbprint}}
    asked = request(scheme="Bearer", tls=tls)
    assert await refusal(rule, claims, asked) is Reason.WRONG_CERTIFICATE
    assert await refusal(rule, claims, None) is Reason.WRONG_CERTIFICATE


async def test_without_a_source_no_certificate_is_believed() -> None:
    """J2: none by default."""
    claims = {"cnf": {"x5t#S256": CERTIFICATE.thumbprint}}
    asked = request(scheme="Bearer", tls={"client_cert": CERTIFICATE.der})
    assert await refusal(constraint(), claims, asked) is Reason.SENDER_CONSTRAINED


async def test_a_field_from_a_stranger_is_refused_whatever_the_token_says() -> None:
    """J3: refused and counted, by a reason of its own."""
    rule = constraint(sources=(ClientCertField(trusted_proxies=["10.0.0.7"]),))
    fields = [("Client-Cert", f":{CERTIFICATE.base64}:")]
    asked = request(scheme="Bearer", fields=fields, client="203.0.113.9")
    assert await refusal(rule, {}, asked) is Reason.UNTRUSTED_CERTIFICATE_FIELD


async def test_every_confirmation_must_hold(proof_key: ProofKey) -> None:
    """J5: with both, the key and the certificate."""
    rule = constraint(sources=(TLSExtension(),))
    claims = {"cnf": {**proof_key.confirmation, "x5t#S256": CERTIFICATE.thumbprint}}
    tls = {"client_cert": CERTIFICATE.der}
    proof = proof_key.proof("GET", URL, TOKEN)
    assert await refusal(rule, claims, request(proof)) is Reason.WRONG_CERTIFICATE
    assert await refusal(rule, claims, request(tls=tls)) is Reason.MISSING_PROOF
    bearer = request(proof, tls=tls, scheme="Bearer")
    assert await refusal(rule, claims, bearer) is Reason.SENDER_CONSTRAINED
    await rule.check(claims, DIGEST, request(proof, tls=tls), NOW)


async def test_a_cnf_that_nobody_understands_is_refused() -> None:
    """J5"""
    asked = request(scheme="Bearer")
    assert await refusal(constraint(), {"cnf": {"kid": "a"}}, asked) is Reason.SENDER_CONSTRAINED


def test_the_options_make_a_rule_or_none() -> None:
    """J2, A11"""
    assert sender_constraint(None, ()) is None
    rule = sender_constraint(DPoP(public_origin=ORIGIN), [TLSExtension()])
    assert rule is not None
    assert rule.dpop is not None
    assert len(rule.certificate_sources) == 1
    by_certificate = sender_constraint(None, [TLSExtension()])
    assert by_certificate is not None
    # There are no proofs to hear of.
    by_certificate.add_listener(lambda event: None)
    assert by_certificate.replay_memory is None
    dpop: Any
    for dpop in (True, "https://api.example.com", DPoP, {}):
        with pytest.raises(ConfigurationError, match="dpop must be"):
            sender_constraint(dpop, ())
    for sources in (None, TLSExtension(), "tls", [TLSExtension], ["tls"], {TLSExtension(): 1}):
        with pytest.raises(ConfigurationError, match="certificate_sources must be"):
            sender_constraint(None, sources)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("public_origin", ()),
        ("public_origin", None),
        ("public_origin", ["https://a.example", None]),
        ("public_origin", "api.example.com"),
        ("mode", "off"),
        ("mode", None),
        ("mode", ["allowed"]),
        ("algorithms", ()),
        ("algorithms", ["HS256"]),
        ("algorithms", ["none"]),
        ("algorithms", [1]),
        ("proof_max_age", 0),
        ("proof_max_age", 301),
        ("proof_max_age", "60"),
        ("nonces", SECRET),
        ("nonces", True),
        ("replay_store", "redis://localhost"),
        ("replay_store", dict),
        ("replay_store", SyncStore()),
        ("on_store_failure", "open"),
        ("on_store_failure", None),
        ("proofs_per_sender", 0),
        ("consume_proofs", "false"),
    ],
)
def test_an_option_is_checked_where_it_is_given(option: str, value: Any) -> None:
    """A11, I8: DPoP without an origin is a ConfigurationError."""
    with pytest.raises(ConfigurationError):
        DPoP(**{"public_origin": ORIGIN, option: value})


def test_the_options_of_a_policy() -> None:
    """I3, I8"""
    dpop = DPoP(public_origin="HTTPS://API.example.com:443/", algorithms="ES256", mode="required")
    assert repr(dpop) == "DPoP(public_origin=['https://api.example.com'], mode='required')"
    assert dpop.algorithms == ("ES256",)
    assert DPoP(public_origin=ORIGIN).algorithms == ("ES256", "Ed25519", "EdDSA", "PS256", "RS256")


@pytest.mark.parametrize(
    "changed",
    [
        {"method": b"GET"},
        {"url": b"/"},
        {"url": None},
        {"fields": None},
        {"fields": "DPoP"},
        {"fields": [("DPoP",)]},
        {"fields": [("DPoP", 1)]},
        {"fields": [("DPoP", "\u0100")]},
        {"scheme": "Basic"},
        {"scheme": None},
    ],
)
def test_a_request_is_made_of_what_it_says(changed: dict[str, Any]) -> None:
    """A11"""
    with pytest.raises(ConfigurationError):
        request(**changed)


def test_fields_may_be_a_mapping() -> None:
    """I2: as frameworks have them."""
    assert request(fields={"DPoP": "a", "Host": b"b"}).values(b"dpop") == [b"a"]


@pytest.mark.parametrize(
    ("origin", "is_told"),
    [
        ("https://api.example.com", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000/api", False),
        ("http://localhost", False),
        ("http://10.0.0.7:8000", True),
        ("http://[2001:db8::1]", True),
        ("http://api.example.com", True),
    ],
)
def test_an_origin_in_the_clear_is_told_of(
    origin: str, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """I8: RFC 9449, section 2: DPoP is always used with HTTPS."""
    DPoP(public_origin=["https://other.example", origin])
    told = [record.getMessage() for record in caplog.records]
    assert [origin in text and "in the clear" in text for text in told] == [True] * is_told
