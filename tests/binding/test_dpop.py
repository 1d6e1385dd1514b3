"""The verification of a DPoP proof, but for its first use (RFC 9449, section 4.3)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.binding.conftest import NOW, TOKEN, URL, Judge
from tests.support.examples import examples

from asgi_jwks import InvalidProof, InvalidToken, NonceRequired, Reason
from asgi_jwks.binding.dpop import MAX_PROOF_BYTES, ProofRules, sole_proof
from asgi_jwks.binding.dpop_key import MAX_SENDERS, ProofSender, ProofSenders, read_proof_header
from asgi_jwks.binding.nonce import DPoPNonces
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.testing import SigningKey, forge
from asgi_jwks.testing.proofs import ProofKey, ath_of

SECRET = "Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"


def refusal(judge: Judge, proof: str | bytes, **changed: Any) -> Reason:
    with pytest.raises(InvalidProof) as caught:
        judge(proof, **changed)
    assert (caught.value.status, caught.value.error) == (401, "invalid_dpop_proof")
    return caught.value.reason


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "PS256"])
def test_a_good_proof_is_accepted_by_each_algorithm_of_the_list(
    judge: Judge, algorithm: str
) -> None:
    """I3: ES256, EdDSA, RS256, PS256 by default."""
    key = ProofKey(algorithm, clock=lambda: NOW)
    for _ in range(2):
        accepted = judge(key.proof("GET", URL, TOKEN, jti="a"), jkt=key.thumbprint)
        assert accepted == ("a", 60.0, None)


def test_an_ed25519_proof_may_name_its_algorithm_by_either_name(judge: Judge) -> None:
    """I3: RFC 9864 renames EdDSA."""
    key = ProofKey("EdDSA", clock=lambda: NOW)
    proof = key.proof("GET", URL, TOKEN, headers={"alg": "Ed25519"})
    assert judge(proof, jkt=key.thumbprint).ttl == 60.0


@pytest.mark.parametrize(
    ("proofs", "reason"),
    [
        ([], Reason.MISSING_PROOF),
        ([b"a.b.c", b"a.b.c"], Reason.REPEATED_PROOF),
        ([b"a.b.c,a.b.c"], Reason.REPEATED_PROOF),
        ([b"a.b.c, d.e.f"], Reason.REPEATED_PROOF),
    ],
)
def test_a_request_has_exactly_one_proof(proofs: list[bytes], reason: Reason) -> None:
    """I2: missing, repeated or joined by a comma."""
    with pytest.raises(InvalidProof) as caught:
        sole_proof(proofs)
    assert caught.value.reason is reason


def test_white_space_around_the_value_of_the_field_is_not_part_of_it() -> None:
    """I2: RFC 9110, section 5.5."""
    assert sole_proof([b" \ta.b.c \t"]) == b"a.b.c"


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "two parts": b"e30.e30",
    "five parts": b"e30.e30.e30.e30.e30",
    "the JSON serialization": b'{"payload":"","signatures":[]}',
    "bytes beyond ASCII": b"\xff.\xff.\xff",
    "white space": b"e 30.e30.e30",
    "padding": b"e30=.e30.e30",
    "a header that is not JSON": b"AAAA.e30.AAAA",
    "a header that is not an object": b"W10.e30.AAAA",
}


@pytest.mark.parametrize("proof", MALFORMED.values(), ids=MALFORMED)
def test_a_proof_is_a_compact_jws(judge: Judge, proof: bytes) -> None:
    """I3: as strictly as a token (D1)."""
    assert refusal(judge, proof) is Reason.MALFORMED_PROOF


def test_a_proof_of_more_than_4_kib_is_not_read(judge: Judge, proof_key: ProofKey) -> None:
    """I3: at most 4 KiB."""
    spare = MAX_PROOF_BYTES - len(proof_key.proof("GET", URL, TOKEN, jti=""))
    fitting = next(
        proof
        for size in range(spare * 3 // 4, 0, -1)
        if len(proof := proof_key.proof("GET", URL, TOKEN, jti="j" * size)) <= MAX_PROOF_BYTES
    )
    assert judge(fitting).ttl == 60.0
    assert refusal(judge, fitting + "A" * 5) is Reason.MALFORMED_PROOF


def test_duplicate_members_are_refused_in_header_and_payload(
    judge: Judge, proof_key: ProofKey
) -> None:
    """I3, D2."""
    sign = proof_key.signing_key.signature
    header, payload = forge.split(proof_key.proof("GET", URL, TOKEN))[:2]
    doubled_header = header[:-1] + b',"typ":"dpop+jwt"}'
    assert refusal(judge, forge.encode(doubled_header, payload, sign=sign)) is (
        Reason.MALFORMED_PROOF
    )
    doubled_payload = payload[:-1] + b',"htm":"GET"}'
    assert refusal(judge, forge.encode(header, doubled_payload, sign=sign)) is (
        Reason.MALFORMED_PROOF
    )


@pytest.mark.parametrize("payload", [b"[]", b"\xff", b'{"jti": NaN}', b"{} {}"])
def test_a_payload_is_one_strict_json_object(
    judge: Judge, proof_key: ProofKey, payload: bytes
) -> None:
    """I3, D10, D12."""
    header = forge.split(proof_key.proof("GET", URL, TOKEN)).header
    proof = forge.encode(header, payload, sign=proof_key.signing_key.signature)
    assert refusal(judge, proof) is Reason.MALFORMED_PROOF


HEADERS: dict[str, tuple[dict[str, Any], Reason]] = {
    "typ JWT": ({"typ": "JWT"}, Reason.PROOF_HEADER),
    "typ in capitals": ({"typ": "DPoP+JWT"}, Reason.PROOF_HEADER),
    "typ with application/": ({"typ": "application/dpop+jwt"}, Reason.PROOF_HEADER),
    "typ null": ({"typ": None}, Reason.PROOF_HEADER),
    "crit": ({"crit": ["exp"], "exp": 1}, Reason.PROOF_HEADER),
    "crit empty": ({"crit": []}, Reason.PROOF_HEADER),
    "b64": ({"b64": False}, Reason.PROOF_HEADER),
    "a nested JWT": ({"cty": "JWT"}, Reason.PROOF_HEADER),
    "a nested JWT, written out": ({"cty": "application/jwt"}, Reason.PROOF_HEADER),
    "zip": ({"zip": "DEF"}, Reason.PROOF_HEADER),
    "alg none": ({"alg": "none"}, Reason.PROOF_ALGORITHM),
    "alg HS256": ({"alg": "HS256"}, Reason.PROOF_ALGORITHM),
    "alg in small letters": ({"alg": "es256"}, Reason.PROOF_ALGORITHM),
    "alg not in the list": ({"alg": "ES384"}, Reason.PROOF_ALGORITHM),
    "alg a list": ({"alg": ["ES256"]}, Reason.PROOF_ALGORITHM),
    "alg of another kind of key": ({"alg": "RS256"}, Reason.UNUSABLE_PROOF_KEY),
    "jwk null": ({"jwk": None}, Reason.UNUSABLE_PROOF_KEY),
    "jwk text": ({"jwk": "{}"}, Reason.UNUSABLE_PROOF_KEY),
    "jwk symmetric": ({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}, Reason.UNUSABLE_PROOF_KEY),
    "jwk of another curve": (
        {"jwk": {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}},
        Reason.UNUSABLE_PROOF_KEY,
    ),
    "jwk off its curve": (
        {
            "jwk": {
                "kty": "EC",
                "crv": "P-256",
                "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
                "y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
            }
        },
        Reason.UNUSABLE_PROOF_KEY,
    ),
    # W1: a client chooses its key, and such a one makes each of its proofs costly.
    "an RSA exponent of 64 bits": (
        {"alg": "RS256", "jwk": {**ProofKey("RS256").jwk, "e": "gAAAAAAAAAE"}},
        Reason.UNUSABLE_PROOF_KEY,
    ),
    "an Ed25519 point of small order": (
        {
            "alg": "EdDSA",
            "jwk": {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            },
        },
        Reason.UNUSABLE_PROOF_KEY,
    ),
}


@pytest.mark.parametrize(("members", "reason"), HEADERS.values(), ids=HEADERS)
def test_a_header_is_refused(
    judge: Judge, proof_key: ProofKey, members: dict[str, Any], reason: Reason
) -> None:
    """I3: typ exactly `dpop+jwt`; alg on the list; a public key by E3 and E8; `crit` refused."""
    assert refusal(judge, proof_key.proof("GET", URL, TOKEN, headers=members)) is reason


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("typ", Reason.PROOF_HEADER),
        ("alg", Reason.PROOF_ALGORITHM),
        ("jwk", Reason.UNUSABLE_PROOF_KEY),
    ],
)
def test_a_header_lacks_nothing(
    judge: Judge, proof_key: ProofKey, member: str, reason: Reason
) -> None:
    """I3"""
    assert refusal(judge, proof_key.proof("GET", URL, TOKEN, without=(member,))) is reason


def test_a_private_key_in_the_header_is_refused(judge: Judge, proof_key: ProofKey) -> None:
    """I3: jwk public only (RFC 9449, section 4.3(7))."""
    proof = proof_key.proof("GET", URL, TOKEN, headers={"jwk": {**proof_key.jwk, "d": "AA"}})
    assert refusal(judge, proof) is Reason.UNUSABLE_PROOF_KEY


def test_a_weak_rsa_key_is_refused(judge: Judge) -> None:
    """I3, E3"""
    key = ProofKey(signing_key=SigningKey.generate("RS256", key_size=1024), clock=lambda: NOW)
    assert refusal(judge, key.proof("GET", URL, TOKEN), jkt=key.thumbprint) is (
        Reason.UNUSABLE_PROOF_KEY
    )


@pytest.mark.parametrize(
    "members",
    [
        {"kid": ["x"]},
        {"x5c": "x"},
        {"jku": "https://evil.example/"},
    ],
)
def test_other_keys_in_the_header_are_not_read(
    judge: Judge, proof_key: ProofKey, members: dict[str, Any]
) -> None:
    """I3: kid, x5c, jku unread."""
    assert judge(proof_key.proof("GET", URL, TOKEN, headers=members)).ttl == 60.0


def test_the_key_is_that_of_the_token_before_the_signature_is_looked_at(
    judge: Judge, proof_key: ProofKey
) -> None:
    """I6: the thumbprint is `cnf.jkt`, else the token is at fault; I3: it comes first."""
    thief = ProofKey(clock=lambda: NOW)
    proof = thief.proof("POST", URL, None)
    for forged in (proof, proof[:-4] + "AAAA"):
        with pytest.raises(InvalidToken) as caught:
            judge(forged)
        assert caught.value.reason is Reason.WRONG_PROOF_KEY


def test_the_signature_is_judged_before_any_claim(judge: Judge, proof_key: ProofKey) -> None:
    """I3: token, thumbprint, proof signature, claims, jti."""
    proof = proof_key.proof("POST", "https://evil.example/", None)
    assert refusal(judge, forge.with_flipped_signature(proof)) is Reason.PROOF_SIGNATURE
    assert refusal(judge, forge.with_changed_payload(proof, htm="GET")) is Reason.PROOF_SIGNATURE
    assert refusal(judge, proof.rpartition(".")[0] + ".") is Reason.PROOF_SIGNATURE
    assert refusal(judge, proof + "=") is Reason.MALFORMED_PROOF


def test_a_key_that_is_known_still_has_to_sign(judge: Judge, proof_key: ProofKey) -> None:
    """I17: key and thumbprint are remembered, the verdict is not."""
    good = proof_key.proof("GET", URL, TOKEN)
    judge(good)
    assert refusal(judge, forge.with_changed_payload(good, jti="b")) is Reason.PROOF_SIGNATURE
    with pytest.raises(InvalidToken):
        judge(good, jkt=ProofKey().thumbprint)


CLAIMS: dict[str, tuple[dict[str, Any], Reason]] = {
    "htm of another method": ({"htm": "POST"}, Reason.PROOF_METHOD),
    "htm in small letters": ({"htm": "get"}, Reason.PROOF_METHOD),
    "htm a list": ({"htm": ["GET"]}, Reason.PROOF_CLAIM),
    "htu of another path": ({"htu": f"{URL}/1"}, Reason.PROOF_URL),
    "htu of another host": ({"htu": "https://evil.example/messages"}, Reason.PROOF_URL),
    "htu by http": ({"htu": URL.replace("https", "http")}, Reason.PROOF_URL),
    "htu by wss": ({"htu": URL.replace("https", "wss")}, Reason.PROOF_CLAIM),
    "htu with userinfo": ({"htu": "https://u@api.example.com/messages"}, Reason.PROOF_CLAIM),
    "htu a path": ({"htu": "/messages"}, Reason.PROOF_CLAIM),
    "htu a number": ({"htu": 1}, Reason.PROOF_CLAIM),
    "ath of another token": ({"ath": ath_of("other")}, Reason.PROOF_TOKEN_HASH),
    "ath in hexadecimal": ({"ath": "0" * 64}, Reason.PROOF_TOKEN_HASH),
    "ath null": ({"ath": None}, Reason.PROOF_CLAIM),
    "jti empty": ({"jti": ""}, Reason.PROOF_CLAIM),
    "jti a number": ({"jti": 1}, Reason.PROOF_CLAIM),
    "iat text": ({"iat": str(NOW)}, Reason.PROOF_CLAIM),
    "iat true": ({"iat": True}, Reason.PROOF_CLAIM),
    "iat null": ({"iat": None}, Reason.PROOF_CLAIM),
    "iat in milliseconds": ({"iat": NOW * 1000}, Reason.PROOF_CLAIM),
    "iat too old": ({"iat": NOW - 60.1}, Reason.PROOF_TIME),
    "iat ahead": ({"iat": NOW + 5.1}, Reason.PROOF_TIME),
    "exp over": ({"exp": NOW - 5}, Reason.PROOF_TIME),
    "exp text": ({"exp": "soon"}, Reason.PROOF_CLAIM),
    "nbf ahead": ({"nbf": NOW + 5.1}, Reason.PROOF_TIME),
}


@pytest.mark.parametrize(("claims", "reason"), CLAIMS.values(), ids=CLAIMS)
def test_a_claim_is_refused(
    judge: Judge, proof_key: ProofKey, claims: dict[str, Any], reason: Reason
) -> None:
    """I4: htm with case; I5: ath; I7: htu; I9: iat within 60 s, and 5 s ahead."""
    assert refusal(judge, proof_key.proof("GET", URL, TOKEN, **claims)) is reason


@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat", "ath"])
def test_no_claim_may_be_missing(judge: Judge, proof_key: ProofKey, name: str) -> None:
    """I3 to I5: RFC 9449, section 4.3(3)."""
    assert refusal(judge, proof_key.proof("GET", URL, TOKEN, without=(name,))) is (
        Reason.PROOF_CLAIM
    )


@pytest.mark.parametrize(
    ("claims", "ttl"),
    [
        ({"iat": NOW - 60}, 0.0),
        ({"iat": NOW + 5}, 65.0),
        ({"iat": NOW - 0.5}, 59.5),
        ({"exp": NOW - 4.9}, 60.0),
        ({"nbf": NOW + 5}, 60.0),
        ({"htu": "HTTPS://API.EXAMPLE.COM:443/%6Dessages?x=1#y"}, 60.0),
        ({"nonce": "of another server"}, 60.0),
        ({"more": {"a": [1]}}, 60.0),
    ],
)
def test_within_the_bounds_a_proof_is_accepted(
    judge: Judge, proof_key: ProofKey, claims: dict[str, Any], ttl: float
) -> None:
    """I9, I7; I11: the rest of its life is for how long its use is remembered."""
    assert judge(proof_key.proof("GET", URL, TOKEN, **claims)).ttl == ttl


def test_one_of_several_targets_is_enough(judge: Judge, proof_key: ProofKey) -> None:
    """I8: one or several public origins."""
    proof = proof_key.proof("GET", URL, TOKEN)
    assert judge(proof, targets=("https://other.example/messages", URL)).ttl == 60.0
    assert refusal(judge, proof, targets=()) is Reason.PROOF_URL


@pytest.fixture
def with_nonces(rules: ProofRules) -> ProofRules:
    return ProofRules(
        algorithms=rules.algorithms,
        max_age=60.0,
        nonces=DPoPNonces(SECRET),
    )


@pytest.mark.parametrize("nonce", [None, "unknown", 1, "\u00e9"])
def test_without_a_current_nonce_the_client_is_told_one(
    judge: Judge, proof_key: ProofKey, with_nonces: ProofRules, nonce: Any
) -> None:
    """I14: 401 use_dpop_nonce."""
    claims = {} if nonce is None else {"nonce": nonce}
    with pytest.raises(NonceRequired) as caught:
        judge(proof_key.proof("GET", URL, TOKEN, **claims), rules=with_nonces)
    assert (caught.value.status, caught.value.error) == (401, "use_dpop_nonce")
    good = proof_key.proof("GET", URL, TOKEN, nonce=caught.value.nonce)
    assert judge(good, rules=with_nonces).new_nonce is None


def test_the_time_of_the_nonce_decides_and_that_of_the_client_does_not(
    judge: Judge, proof_key: ProofKey, with_nonces: ProofRules
) -> None:
    """I9: with nonces required, a client whose clock is wrong works."""
    nonces = DPoPNonces(SECRET)
    nonce = nonces.current(NOW)
    expiry = (NOW // 60 + 2) * 60
    for iat in (0, NOW - 9999, NOW + 9999):
        proof = proof_key.proof("GET", URL, TOKEN, iat=iat, nonce=nonce, jti="a")
        assert judge(proof, rules=with_nonces) == ("a", expiry - NOW, None)
        with pytest.raises(NonceRequired):
            judge(proof, rules=with_nonces, now=expiry)
    assert refusal(
        judge, proof_key.proof("GET", URL, TOKEN, iat="0", nonce=nonce), rules=with_nonces
    ) is (Reason.PROOF_CLAIM)


def test_a_good_answer_tells_the_next_nonce_when_a_period_has_ended(
    judge: Judge, proof_key: ProofKey, with_nonces: ProofRules
) -> None:
    """I14: a new nonce on good answers when the bucket ends."""
    nonces = DPoPNonces(SECRET)
    proof = proof_key.proof("GET", URL, TOKEN, nonce=nonces.current(NOW))
    later = NOW + 60
    assert judge(proof, rules=with_nonces, now=later).new_nonce == nonces.current(later)


def test_the_faults_of_a_proof_come_before_a_missing_nonce(
    judge: Judge, proof_key: ProofKey, with_nonces: ProofRules
) -> None:
    """I14: a client that would be refused anyway is not sent for a nonce first."""
    proof = proof_key.proof("POST", URL, TOKEN)
    assert refusal(judge, proof, rules=with_nonces) is Reason.PROOF_METHOD


@examples(300)
@given(proof=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_accepted_or_refused(proof: bytes) -> None:
    """A8, I3: garbage in: our error, never another exception."""
    rules = ProofRules(algorithms=frozenset({"ES256"}), max_age=60.0, nonces=None)
    with pytest.raises((InvalidProof, InvalidToken)):
        rules.judge(proof, method="GET", targets=(URL,), ath="", jkt="", now=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
SIGNER = ProofKey("EdDSA", clock=lambda: NOW)


@examples(300)
@given(
    name=st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce", "exp", "nbf"]),
    value=JSON,
    in_header=st.booleans(),
    member=st.sampled_from(["typ", "alg", "jwk", "crit", "kid"]),
)
def test_any_claim_and_member_is_accepted_or_refused(
    name: str, value: object, in_header: bool, member: str
) -> None:
    """A8, I3: with a good signature too."""
    rules = ProofRules(algorithms=frozenset({"EdDSA"}), max_age=60.0, nonces=DPoPNonces(SECRET))
    changed = {member: value} if in_header else {}
    text = json.dumps({} if in_header else {name: value})
    proof = SIGNER.proof("GET", URL, TOKEN, headers=changed, **json.loads(text))
    try:
        accepted = rules.judge(
            proof.encode(),
            method="GET",
            targets=(URL,),
            ath=ath_of(TOKEN),
            jkt=SIGNER.thumbprint,
            now=NOW,
        )
    except (InvalidProof, InvalidToken):
        return
    assert accepted.ttl > 0


def test_the_memory_of_senders_is_bounded_and_keeps_those_seen_lately(proof_key: ProofKey) -> None:
    """I17: bounded; H4: only those whose signature was good enter."""
    segment = proof_key.proof("GET", URL, TOKEN).split(".")[0].encode()
    sender = ProofSender(segment, read_proof_header(segment, frozenset({"ES256"})))
    senders = ProofSenders()
    senders.put("mine", sender)
    for number in range(MAX_SENDERS * 2):
        senders.put(f"{number}", sender)
        assert senders.get("mine") is sender
        assert len(senders) <= MAX_SENDERS
    assert senders.get("0") is None


def test_a_sender_has_one_entry_whatever_it_writes_into_its_headers(
    judge: Judge, rules: ProofRules, proof_key: ProofKey
) -> None:
    """I17: so no sender drives the others out."""
    for number in range(20):
        judge(proof_key.proof("GET", URL, TOKEN, headers={"kid": f"{number}"}))
        judge(proof_key.proof("GET", URL, TOKEN))
    assert len(rules._senders) == 1


def test_a_header_is_remembered_once_its_signature_was_good(
    judge: Judge, rules: ProofRules, proof_key: ProofKey
) -> None:
    """I17, H4"""
    proof = proof_key.proof("GET", URL, TOKEN)
    with pytest.raises(InvalidProof):
        judge(forge.with_flipped_signature(proof))
    assert len(rules._senders) == 0
    judge(proof)
    assert len(rules._senders) == 1
    # A proof is a credential.
    assert proof not in repr(rules._senders.get(proof_key.thumbprint))


def test_the_signature_of_a_repeated_proof_is_not_verified_again_but_all_else_is(
    judge: Judge, proof_key: ProofKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I17, W1: a replay costs no signature, and the first rule that it breaks names the error."""
    proof = proof_key.proof("GET", URL, TOKEN)
    accepted = judge(proof)
    verified: list[bytes] = []

    def verify(_key: VerificationKey, _algorithm: str, signed: bytes, _signature: bytes) -> bool:
        verified.append(signed)
        return False

    monkeypatch.setattr(VerificationKey, "verify", verify)
    assert judge(proof) == accepted
    assert refusal(judge, proof, method="POST") is Reason.PROOF_METHOD
    assert refusal(judge, proof, targets=(f"{URL}/x",)) is Reason.PROOF_URL
    assert refusal(judge, proof, token="a.b.c") is Reason.PROOF_TOKEN_HASH
    assert refusal(judge, proof, now=NOW + 61) is Reason.PROOF_TIME
    assert verified == []
    # One other byte is another proof.
    assert refusal(judge, forge.with_flipped_signature(proof)) is Reason.PROOF_SIGNATURE
    assert len(verified) == 1
