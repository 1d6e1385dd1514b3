"""A verifier of several issuers: each token is judged by its own issuer's rules and keys alone."""

from collections.abc import Callable

import pytest

from asgi_jwks import AccessTokenVerifier, InvalidToken, Reason, StaticJWKSet, TrustedIssuer
from asgi_jwks.testing import MockIssuer, forge
from asgi_jwks.tokens.issuers import Issuer

pytestmark = pytest.mark.anyio

FIRST = MockIssuer(issuer="https://first.example/")
SECOND = MockIssuer(issuer="https://second.example/", algorithm="ES256")


def trusted(issuer: MockIssuer, algorithm: str = "RS256") -> TrustedIssuer:
    return TrustedIssuer(
        issuer=issuer.issuer,
        audience=issuer.audience,
        algorithms=[algorithm],
        keys=StaticJWKSet(issuer.jwk_set()),
    )


async def resolve(name: str) -> Issuer | None:
    return trusted(SECOND, "ES256") if name == SECOND.issuer else None


def verifier_of_two() -> AccessTokenVerifier:
    return AccessTokenVerifier([trusted(FIRST), trusted(SECOND, "ES256")])


def verifier_that_asks() -> AccessTokenVerifier:
    return AccessTokenVerifier([trusted(FIRST)], resolver=resolve)


@pytest.mark.parametrize("verifier_of", [verifier_of_two, verifier_that_asks])
@pytest.mark.parametrize("issuer", [FIRST, SECOND], ids=["first", "second"])
async def test_tokens_of_each_are_verified_again_and_again(
    verifier_of: Callable[[], AccessTokenVerifier], issuer: MockIssuer
) -> None:
    """E5, H2: also from the memory of verified tokens."""
    verifier, token = verifier_of(), issuer.access_token()
    for _ in range(3):
        assert (await verifier.verify(token)).issuer == issuer.issuer


@pytest.mark.parametrize("verifier_of", [verifier_of_two, verifier_that_asks])
async def test_what_one_allows_another_need_not(
    verifier_of: Callable[[], AccessTokenVerifier],
) -> None:
    """D3, E5: the allow-list is that of the issuer that the token names."""
    impostor = MockIssuer(issuer=FIRST.issuer, algorithm="ES256")
    with pytest.raises(InvalidToken) as refusal:
        await verifier_of().verify(impostor.access_token())
    assert refusal.value.reason is Reason.ALGORITHM_NOT_ALLOWED


async def test_what_none_allows_is_refused_before_the_payload_is_read() -> None:
    """D3"""
    token = forge.with_alg_none(FIRST.access_token()).replace(".", ".!", 1)
    with pytest.raises(InvalidToken) as refusal:
        await verifier_of_two().verify(token)
    assert refusal.value.reason is Reason.ALGORITHM_NOT_ALLOWED
