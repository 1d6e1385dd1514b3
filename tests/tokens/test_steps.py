"""The parts of the procedure, each by itself."""

from itertools import product

import pytest

from asgi_jwks import InvalidToken, ProofOfPossession, Reason, StaticJWKSet, TrustedIssuer
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.testing import SigningKey, forge
from asgi_jwks.tokens.steps import ReceivedToken, check_binding, refusal_of_stranger
from asgi_jwks.tokens.trace import Trace

KEY, SECOND, THIRD = (SigningKey.generate("ES256", kid=kid) for kid in "abc")
ISSUER = "https://issuer.example/"


def received(**claims: object) -> ReceivedToken:
    token = KEY.sign({"alg": "ES256", "kid": "a"}, claims)
    return ReceivedToken(token.encode(), Trace(3))


def test_no_key_is_tried_twice_and_each_is_counted_once() -> None:
    """W1, O2: in any order; one that signed is not forgotten for one that did not."""
    public = JWKSet.parse({"keys": [key.public_jwk() for key in (KEY, SECOND, THIRD)]}).keys
    for order in product(public, repeat=4):
        token = received()
        token.check_signature_form()
        verdicts = [token.is_signed_by(key, "ES256") for key in order]
        assert verdicts == [key is public[0] for key in order]
        assert token.trace.verifications == len(set(map(id, order)))
        assert token.trace.is_signed is any(verdicts)


def test_no_key_has_signed_before_the_signature_is_read() -> None:
    """D1: whoever forgets a step accepts nothing."""
    [public] = JWKSet.parse({"keys": [KEY.public_jwk()]}).keys
    assert received().is_signed_by(public, "ES256") is False


def test_a_token_is_printed_without_its_parts() -> None:
    """H7, N1: error collectors print what they find."""
    assert repr(received(sub="user-7")) == "ReceivedToken(...)"


@pytest.mark.parametrize("sole", [None, ISSUER])
@pytest.mark.parametrize("name", [ISSUER, "https://other.example/", None])
def test_of_a_large_payload_only_its_issuer_is_known(sole: str | None, name: str | None) -> None:
    """W1, W3: the only one that is trusted, without a look; otherwise the one that it names."""
    named = {} if name is None else {"iss": name}
    token = received(**named, sub="a", pad="x" * 4096)
    known = name if sole is None else sole
    assert token.unverified_claims(sole) == ({} if known is None else {"iss": known})
    assert not token.can_be_screened()
    small = received(**named, sub="a")
    assert small.unverified_claims(sole) == {**named, "sub": "a"}
    assert small.can_be_screened()


def test_a_payload_that_is_not_read_is_not_screened() -> None:
    """D1, W3: nor is one that cannot be read."""
    token = forge.encode({"alg": "ES256"}, b"[]", sign=KEY.signature)
    unread = ReceivedToken(token.encode(), Trace(3))
    assert not unread.can_be_screened()
    with pytest.raises(InvalidToken):
        unread.unverified_claims(None)
    assert not unread.can_be_screened()


@pytest.mark.parametrize("reason", Reason)
def test_a_stranger_is_told_no_more_than_that_its_key_is_unknown(reason: Reason) -> None:
    """W5: all refusals are one to the client; the operator can read which one it was."""
    refusal = InvalidToken(reason, "iss is 'https://tenant.example/'")
    told = refusal_of_stranger(refusal)
    assert told.reason.phrase == Reason.UNKNOWN_KEY.phrase
    assert told.reason.phrase == Reason.BAD_SIGNATURE.phrase
    assert str(refusal) in str(told)


@pytest.mark.anyio
@pytest.mark.parametrize("claims", [{}, {"cnf": {"jkt": "a" * 43}}], ids=["bearer", "bound"])
@pytest.mark.parametrize("scheme", [None, "Bearer", "DPoP"])
@pytest.mark.parametrize("gateway", [False, True])
async def test_the_scheme_dpop_needs_somebody_who_has_judged_its_proof(
    claims: dict[str, object], scheme: str | None, gateway: bool
) -> None:
    """I1, G12: where an issuer has no use for proofs itself, a gateway may have had one."""
    keys = StaticJWKSet({"keys": [KEY.public_jwk()]})
    issuer = TrustedIssuer(issuer=ISSUER, audience="api", keys=keys, gateway_proves_binding=gateway)
    request = None
    if scheme is not None:
        proof = [("dpop", "a.b.c")] if scheme == "DPoP" else []
        request = ProofOfPossession(method="GET", url="/", fields=proof, scheme=scheme)
    expected: str | None = None
    if scheme == "DPoP" and not gateway:
        expected = "its issuer has no dpop=DPoP(...)"
    elif scheme == "DPoP" and not claims:
        expected = "cnf is missing"
    judged = check_binding(issuer, claims, b"", request, 0.0)
    if expected is None:
        await judged
        return
    with pytest.raises(InvalidToken) as refusal:
        await judged
    assert (refusal.value.reason, refusal.value.detail) == (Reason.NOT_BOUND, expected)
