"""The index of the keys at hand: what a header can mean, whatever the number of issuers."""

import sys
from types import FrameType
from typing import Any

import anyio
import pytest

from asgi_jwks import AccessTokenVerifier, InvalidToken, StaticJWKSet, TrustedIssuer
from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.testing import SigningKey
from asgi_jwks.tokens.key_index import KeyIndex

KEYS = [SigningKey.generate("ES256", kid=f"k{number}") for number in range(6)]
SAME_KID = [SigningKey.generate("ES256", kid="same") for _ in range(6)]


class Keys:
    """A set at hand that a test exchanges."""

    def __init__(self, *keys: SigningKey) -> None:
        self.set: JWKSet | None = key_set(*keys)

    def at_hand(self) -> JWKSet | None:
        return self.set


def key_set(*keys: SigningKey) -> JWKSet | None:
    return JWKSet.parse({"keys": [key.public_jwk() for key in keys]}) if keys else None


def issuer(number: int, *keys: SigningKey, algorithm: str = "ES256") -> TrustedIssuer:
    source: Any = Keys(*keys)
    return TrustedIssuer(
        issuer=f"https://{number}.example/", audience="x", algorithms=algorithm, keys=source
    )


def kids(index: KeyIndex, kid: str | None, algorithm: str = "ES256") -> list[str | None]:
    return [key.kid for key in index.candidates(kid, algorithm)]


def test_a_header_means_the_key_of_its_id_and_algorithm() -> None:
    """W3"""
    index = KeyIndex(10)
    assert kids(index, "k0") == []
    index.see(issuer(0, KEYS[0], KEYS[1]))
    index.see(issuer(1, KEYS[2]))
    assert kids(index, "k0") == ["k0"]
    assert kids(index, "k2") == ["k2"]
    assert kids(index, "k3") == []
    assert kids(index, "k0", "RS256") == []


def test_a_header_without_kid_means_the_keys_that_are_alone_in_their_sets() -> None:
    """E4, W3"""
    index = KeyIndex(10)
    index.see(issuer(0, KEYS[0], KEYS[1]))
    index.see(issuer(1, KEYS[2]))
    assert kids(index, None) == ["k2"]


def test_algorithms_that_the_issuer_does_not_allow_are_left_out() -> None:
    """D3"""
    index = KeyIndex(10)
    index.see(issuer(0, KEYS[0], algorithm="RS256"))
    assert kids(index, "k0") == []
    assert len(index) == 0


@pytest.mark.parametrize(
    ("bits", "exponent"), [(2048, b"\xff" * 8), (8192, b"\1\0\1")], ids=["exponent", "modulus"]
)
def test_a_tenant_s_slow_key_is_not_tried_on_the_tokens_of_others(
    bits: int, exponent: bytes
) -> None:
    """W1, F13: under a key id that it shares; alone it is a key like any other."""
    usual = SigningKey.generate("RS256", kid="same")
    modulus = b64url_encode((2 ** (bits - 1) + 1).to_bytes(bits // 8))
    slow: Any = Keys()
    slow.set = JWKSet.parse(
        {"keys": [{"kty": "RSA", "kid": "same", "n": modulus, "e": b64url_encode(exponent)}]}
    )
    tenant = TrustedIssuer(issuer="https://tenant.example/", audience="x", keys=slow)
    index = KeyIndex(10)
    index.see(tenant)
    assert len(kids(index, "same", "RS256")) == 1
    index.see(issuer(0, usual, algorithm="RS256"))
    (left,) = index.candidates("same", "RS256")
    assert not left.is_slow
    slow.set = key_set(KEYS[0])
    index.see(tenant)
    assert index.candidates("same", "RS256") == (left,)


@pytest.mark.parametrize("count", [1, 4, 5, 6])
def test_at_most_four_keys_are_tried(count: int) -> None:
    """W3: where more share a key id, the payload must name the issuer first."""
    index = KeyIndex(10)
    issuers = [issuer(number, SAME_KID[number]) for number in range(count)]
    for one in issuers:
        index.see(one)
    assert len(kids(index, "same")) == (count if count <= 4 else 0)
    source: Any = issuers[0].keys
    source.set = key_set(KEYS[0])
    index.see(issuers[0])
    assert len(kids(index, "same")) == (count - 1 if count <= 5 else 0)


def test_a_key_that_many_issuers_share_is_one_key() -> None:
    """W3: the tenants of one provider, as Entra's; it goes with the last that has it."""
    index = KeyIndex(10)
    tenants = [issuer(number, KEYS[0]) for number in range(6)]
    for tenant in tenants:
        index.see(tenant)
    assert kids(index, "k0") == ["k0"]
    for tenant in tenants:
        assert kids(index, "k0") == ["k0"]
        source: Any = tenant.keys
        source.set = key_set(KEYS[1])
        index.see(tenant)
    assert kids(index, "k0") == []
    assert kids(index, "k1") == ["k1"]


def test_a_set_that_is_not_at_hand_changes_nothing() -> None:
    index = KeyIndex(10)
    one = issuer(0, KEYS[0])
    index.see(one)
    source: Any = one.keys
    source.set = None
    index.see(one)
    assert kids(index, "k0") == ["k0"]


def test_it_is_bounded() -> None:
    """H4: by issuers, of which the oldest gives way."""
    index = KeyIndex(2)
    for number in range(4):
        index.see(issuer(number, KEYS[number]))
    assert [kids(index, f"k{number}") for number in range(4)] == [[], [], ["k2"], ["k3"]]
    # Two key ids, and no kid at all.
    assert len(index) == 3


def test_a_key_id_that_is_in_no_set_any_more_leaves_nothing_behind() -> None:
    """H4: nor does one that more than four keys have."""
    index = KeyIndex(10)
    for number in range(5):
        index.see(issuer(number, SAME_KID[number]))
    assert ("same", "ES256") not in index._candidates
    one = issuer(9, KEYS[0])
    index.see(one)
    source: Any = one.keys
    source.set = key_set(KEYS[1])
    index.see(one)
    assert ("k0", "ES256") not in index._candidates
    assert len(index) == 3


def many(number: int) -> AccessTokenVerifier:
    """A verifier of so many issuers, each with a key id of its own at hand."""
    jwk = KEYS[0].public_jwk()
    trusted = [
        TrustedIssuer(
            issuer=f"https://{n}.example/",
            audience="x",
            algorithms="ES256",
            keys=StaticJWKSet({"keys": [{**jwk, "kid": f"kid of {n}"}]}),
        )
        for n in range(number)
    ]
    return AccessTokenVerifier(trusted)


def steps_of(verifier: AccessTokenVerifier, token: str) -> int:
    """How many steps of the interpreter a refusal takes, with the sentence for the log."""
    steps = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return trace

    traced = sys.gettrace()
    sys.settrace(trace)
    try:
        sentence = sentence_of(verifier, token)
    finally:
        sys.settrace(traced)
    assert sentence
    return steps


def sentence_of(verifier: AccessTokenVerifier, token: str) -> str:
    """The advice on a refused token."""
    try:
        # Nothing waits, since all keys are at hand: no event loop is needed.
        verifier.verify(token).send(None)
    except InvalidToken as refusal:
        return "" if refusal.advice is None else refusal.advice.sentence
    return ""


@pytest.mark.parametrize(
    ("kid", "iss", "reason"),
    [
        ("unknown", "https://nobody.example/", "unknown_issuer"),
        ("unknown", "https://login.microsoftonline.com/a-tenant/v2.0", "unknown_issuer"),
        ("unknown", "https://2.example/", "unknown_key"),
        ("kid of 2", "https://nobody.example/", "unknown_issuer"),
        ("kid of 2", "https://2.example/", "bad_signature"),
    ],
)
def test_a_stranger_s_token_costs_the_same_among_five_issuers_and_five_hundred(
    kid: str, iss: str, reason: str
) -> None:
    """W5: nothing is gone through, also for the advice on a wrong issuer."""
    stranger = SigningKey.generate("ES256", kid=kid)
    token = stranger.sign(
        {"alg": "ES256", "kid": kid}, {"iss": iss, "aud": "x", "exp": 4_000_000_000}
    )
    steps = []
    for number in (5, 500):
        verifier = many(number)
        anyio.run(verifier.warm)
        with pytest.raises(InvalidToken) as refusal:
            verifier.verify(token).send(None)
        assert refusal.value.reason == reason
        # The first of all refusals in a process may fill a cache of the library's, a collection of
        # garbage runs what others left to be run at their end, and the first of all traces in a
        # process counts nothing on CPython 3.12.1.
        steps.append(min(filter(None, [steps_of(verifier, token) for _ in range(5)])))
    # Going through five hundred takes twice as many, at the least.
    assert 500 < steps[1] < 1.1 * steps[0]


def test_keys_that_issuers_share_are_kept_once() -> None:
    """H4, W5"""
    index = KeyIndex(500)
    for number in range(500):
        index.see(issuer(number, KEYS[number % 6]))
    assert kids(index, "k0") == ["k0"]
    assert kids(index, None) == []
    assert len(index) == 7
