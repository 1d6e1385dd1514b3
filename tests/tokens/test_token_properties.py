"""Garbage in: accepted or our error, never another exception. And: only what counts, counts.

Hypothesis writes headers, payloads and whole tokens; the keys are real and the signatures right.
"""

import json
import re
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    InvalidToken,
    Reason,
    RequestError,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.jose.encoding import b64url_decode
from asgi_jwks.testing import MockIssuer, SigningKey, forge

NOW = 1_700_000_000
KEY = SigningKey.generate("RS256", kid="k1")
ISSUER = MockIssuer(key=KEY, clock=lambda: NOW)
TOKEN = ISSUER.access_token(scopes="read write")
HEADER = forge.split(TOKEN).header_members
CLAIMS = forge.split(TOKEN).claims

VERIFIER = AccessTokenVerifier(
    [
        TrustedIssuer(
            issuer=ISSUER.issuer, audience=ISSUER.audience, keys=StaticJWKSet(ISSUER.jwk_set())
        )
    ],
    clock=lambda: NOW,
    verified_tokens=0,
)

# Signing is what these tests spend their time with: about a millisecond for each example.
bounded = examples(300, suppress_health_check=[HealthCheck.too_slow])

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    ["alg", "typ", "kid", "crit", "b64", "zip", "cty", "jku", "jwk", "x5u", "x5c", "ver", ""]
)
CLAIM_NAMES = st.sampled_from(
    [
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "azp", "scope", "scp"),
        *("permissions", "cnf", "events", "nonce", "typ", "token_use", "at_hash", "name"),
    ]
)


def verify(token: str | bytes) -> AccessToken | Reason:
    """The access token, or why it is none. Anything but our own error fails the test."""

    async def attempt() -> AccessToken | Reason:
        try:
            return await VERIFIER.verify(token)
        except RequestError as refusal:
            return refusal.reason

    outcome: AccessToken | Reason = run(attempt())
    return outcome


def run(coroutine: Any) -> Any:
    # With keys at hand the verifier waits for nothing, so no event loop is needed.
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the verifier waited")


def test_the_token_that_all_is_made_of_is_good() -> None:
    accepted = verify(TOKEN)
    assert isinstance(accepted, AccessToken)
    assert dict(accepted.claims) == CLAIMS
    assert anyio.run(VERIFIER.verify, TOKEN).claims == CLAIMS


@bounded
@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"..")
@example(b"e30.e30.AA")
def test_no_bytes_are_a_token(octets: bytes) -> None:
    """A8, D1, D10"""
    assert verify(octets) in set(Reason)


@bounded
@given(st.text(st.characters(exclude_categories=())))
def test_no_text_is_a_token(text: str) -> None:
    """A8, D1, D10: lone surrogates included."""
    assert verify(text) in set(Reason)


@bounded
@given(header=st.binary(max_size=200), payload=st.binary(max_size=200))
@example(b'{"alg":"RS256"}', b"\xff")
def test_any_signed_bytes_are_judged(header: bytes, payload: bytes) -> None:
    """D1, D10, D12"""
    assert verify(KEY.sign(header, payload)) in set(Reason)


@bounded
@given(st.dictionaries(MEMBERS, JSON))
def test_any_json_may_stand_in_a_header(members: dict[str, object]) -> None:
    """D3, D5, D7, D9, D10, D11: accepted only if nothing that has a meaning was changed."""
    header = {**HEADER, **members}
    outcome = verify(KEY.sign(header, CLAIMS))
    if isinstance(outcome, AccessToken):
        assert header["alg"] == "RS256"
        assert header["kid"] == "k1"
        assert str(header["typ"]).lower().removeprefix("application/") in {"jwt", "at+jwt"}
        assert header.keys().isdisjoint({"crit", "b64", "zip"})
    elif members.keys() <= {"ver", "", "jku", "jwk", "x5u", "x5c"}:
        # Ignored, whatever they are; but not what no JSON reader should get to see.
        assert outcome is Reason.MALFORMED
        assert not is_strict(header)


@bounded
@given(st.dictionaries(CLAIM_NAMES, JSON, min_size=1))
def test_any_json_may_stand_in_a_payload(claims: dict[str, object]) -> None:
    """G1, G2, G5, G6, G7, G8, G9, G12"""
    payload = {**CLAIMS, **claims}
    outcome = verify(KEY.sign(HEADER, payload))
    if isinstance(outcome, AccessToken):
        assert outcome.claims == payload
        assert payload["iss"] == ISSUER.issuer
        audience = payload["aud"]
        assert ISSUER.audience in (audience if isinstance(audience, list) else [audience])
        expiry = payload["exp"]
        assert type(expiry) in {int, float}
        assert NOW - 5 < float(str(expiry)) < 253_402_300_800
        assert payload.keys().isdisjoint({"cnf", "at_hash"})
        assert all(isinstance(scope, str) and scope for scope in outcome.scopes)
        assert outcome.subject is None or isinstance(outcome.subject, str)


@bounded
@given(JSON)
def test_any_json_may_be_the_payload(payload: object) -> None:
    """D1, D10"""
    octets = json.dumps(payload).encode()
    assert verify(KEY.sign(HEADER, octets)) in set(Reason)


def is_strict(value: object) -> bool:
    """Whether strict JSON readers agree on it."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeEncodeError):
        return False
    text = str(value)
    # An exponent of three digits or a number of 33, and what nests too deeply.
    return not re.search(r"\de[+-]?\d{3}|\d{33}|\[{12}", text) and len(text) < 4000


@bounded
@given(
    position=st.integers(0, len(TOKEN) - 1),
    character=st.sampled_from("ABab09-_.+/= \n\0é~"),
)
def test_a_changed_character_never_changes_what_is_accepted(position: int, character: str) -> None:
    """D1"""
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    outcome = verify(changed)
    if changed == TOKEN:
        assert isinstance(outcome, AccessToken)
    else:
        assert isinstance(outcome, Reason)


@bounded
@given(
    cut=st.integers(0, len(TOKEN)),
    inserted=st.text("Aa0-_.= \n", max_size=3),
    removed=st.integers(0, 3),
)
def test_inserting_and_removing_is_noticed(cut: int, inserted: str, removed: int) -> None:
    """D1"""
    changed = TOKEN[:cut] + inserted + TOKEN[cut + removed :]
    assert isinstance(verify(changed), AccessToken if changed == TOKEN else Reason)


@bounded
@given(st.permutations(range(3)), st.integers(0, 4))
def test_parts_in_another_order_or_number_are_noticed(order: list[int], count: int) -> None:
    """D1, D8"""
    parts = TOKEN.split(".")
    changed = ".".join([*(parts[index] for index in order), *parts][:count])
    assert isinstance(verify(changed), AccessToken if changed == TOKEN else Reason)


@bounded
@given(st.binary(min_size=1, max_size=300))
def test_no_other_octets_are_a_signature(signature: bytes) -> None:
    """D1"""
    if signature != b64url_decode(TOKEN.rpartition(".")[2].encode()):
        assert verify(forge.with_signature(TOKEN, signature)) is Reason.BAD_SIGNATURE


@bounded
@given(st.binary(max_size=300))
def test_the_memory_answers_for_exactly_the_bytes_it_saw(octets: bytes) -> None:
    """H2"""
    remembering = AccessTokenVerifier(
        [*VERIFIER._issuers.configured.values()], clock=lambda: NOW, verified_tokens=10
    )
    run(remembering.verify(TOKEN))
    for other in (octets, TOKEN.encode() + octets, octets + TOKEN.encode()):
        if other != TOKEN.encode():
            with pytest.raises(InvalidToken):
                run(remembering.verify(other))
