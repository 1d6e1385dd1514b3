"""The smallest RSA key whose signatures count at an issuer."""

from typing import Any

import pytest
from tests.support.clock import Clock

from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    InvalidToken,
    Reason,
    RemoteJWKSet,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.testing import MockIssuer, SigningKey

NOW = 1_700_000_000.0
SMALL = MockIssuer(key=SigningKey.generate("RS256", kid="k1"), clock=lambda: NOW)
CURVE = MockIssuer(
    issuer="https://curve.example/",
    key=SigningKey.generate("ES256", kid="e1"),
    clock=lambda: NOW,
)


def trusted(issuer: MockIssuer, **options: Any) -> TrustedIssuer:
    return TrustedIssuer(
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=StaticJWKSet(issuer.jwk_set()),
        **options,
    )


def verifier(*issuers: TrustedIssuer) -> AccessTokenVerifier:
    return AccessTokenVerifier(*issuers, clock=Clock(NOW))


@pytest.mark.anyio
@pytest.mark.parametrize("several", [False, True], ids=["one issuer", "several"])
async def test_a_token_of_a_smaller_rsa_key_is_refused_with_a_sentence(several: bool) -> None:
    """O6, P4: what is tried by report_only can become the rule."""
    issuers = [trusted(SMALL, min_rsa_bits=3072)]
    if several:
        issuers.append(trusted(CURVE, algorithms=["ES256"]))
    judging = verifier(*issuers)
    with pytest.raises(InvalidToken) as caught:
        await judging.verify(SMALL.access_token())
    refusal = caught.value
    assert refusal.reason is Reason.KEY_TOO_SMALL
    # A stranger cannot tell it from an unknown key (W5).
    assert refusal.reason.phrase == Reason.UNKNOWN_KEY.phrase
    assert refusal.advice is not None
    assert "the RSA key has 2048 bits, and not at least 3072" in refusal.advice.sentence
    explained = await judging.explain(SMALL.access_token())
    assert [step.number for step in explained.steps if step.status == "failed"] == [4]
    # The signature is judged first.
    with pytest.raises(InvalidToken) as caught:
        await judging.verify(SMALL.access_token(key=SigningKey.generate("RS256", kid="k1")))
    assert caught.value.reason is Reason.BAD_SIGNATURE


@pytest.mark.anyio
async def test_a_small_key_that_was_replaced_under_its_key_id_stands_in_nobodys_way() -> None:
    """F7: the larger one is sought as any other that was replaced."""
    issuer = MockIssuer(key=SigningKey.generate("RS256", kid="k1"))
    keys = RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client())
    judging = AccessTokenVerifier(
        issuer=issuer.issuer, audience=issuer.audience, keys=keys, min_rsa_bits=2049
    )
    await judging.warm()
    larger = SigningKey.generate("RS256", kid="k1", key_size=2056)
    issuer.withdraw("k1")
    issuer.publish(larger)
    issuer.use(larger)
    assert (await judging.verify(issuer.access_token())).key_id == "k1"


@pytest.mark.anyio
async def test_a_key_that_is_large_enough_or_of_a_curve_is_used() -> None:
    """O6"""
    judging = verifier(
        trusted(SMALL, min_rsa_bits=2048),
        trusted(CURVE, algorithms=["ES256"], min_rsa_bits=8192),
    )
    for issuer in (SMALL, CURVE):
        assert (await judging.verify(issuer.access_token())).issuer == issuer.issuer


@pytest.mark.parametrize("bits", [2047, 8193, 0, -1, 3072.0, "3072", True, None])
def test_a_size_that_no_key_may_have_is_refused(bits: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=r"Write for example min_rsa_bits=3072"):
        trusted(SMALL, min_rsa_bits=bits)
