"""The memory of headers and of the keys they named: bounded, and never a way around a rule."""

from collections.abc import Callable
from typing import Any

import pytest

from asgi_jwks import AccessTokenVerifier, InvalidToken, Reason, StaticJWKSet, TrustedIssuer
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.testing import MockIssuer, SigningKey
from asgi_jwks.tokens import header_rules, verifier
from asgi_jwks.tokens.header_cache import HeaderCache, Signer
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.principal import DEFAULT_BASIS

Trusted = Callable[..., TrustedIssuer]

ISSUER = MockIssuer()
KEYS = JWKSet.parse(ISSUER.jwk_set())


class Keys(StaticJWKSet):
    """Keys that a test exchanges."""

    set = KEYS

    def at_hand(self) -> JWKSet:
        """The set of the moment."""
        return self.set


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The headers that were read, in order: none of those that are known."""
    read: list[object] = []

    def noted(header: Any) -> JOSEHeader:
        read.append(header)
        return header_rules.read_header(header)

    monkeypatch.setattr(verifier, "read_header", noted)
    return read


def signer(kid: str) -> Signer:
    issuer: Any = None
    return Signer(JOSEHeader("RS256", kid, None), issuer, KEYS, KEYS.keys[0], DEFAULT_BASIS)


def test_sixty_four_headers_are_known_and_then_none() -> None:
    """H4: an issuer that writes a new header into each token fills no memory."""
    known = HeaderCache()
    for number in range(64):
        known.put(b"%d" % number, signer(str(number)))
        assert len(known) == number + 1
    known.put(b"0", signer("newer"))
    assert known.get(b"0") == signer("newer")
    assert len(known) == 64
    known.put(b"64", signer("64"))
    assert len(known) == 1
    assert known.get(b"0") is None


@pytest.mark.anyio
async def test_a_header_is_read_once_while_its_key_stays_at_hand(
    trusted: Trusted, issuer: MockIssuer, clock: Any, read: list[object]
) -> None:
    verifier = AccessTokenVerifier([trusted()], clock=clock)
    for number in range(3):
        await verifier.verify(issuer.access_token(jti=str(number)))
    assert len(read) == 1


@pytest.mark.anyio
async def test_a_header_of_a_refused_token_is_not_known(
    trusted: Trusted, issuer: MockIssuer, clock: Any, read: list[object]
) -> None:
    """H4"""
    verifier = AccessTokenVerifier([trusted()], clock=clock)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            await verifier.verify(issuer.access_token(aud="another"))
    assert len(read) == 2


@pytest.mark.anyio
async def test_a_known_header_names_a_key_of_the_set_at_hand_and_no_other(
    trusted: Trusted, issuer: MockIssuer, clock: Any
) -> None:
    """F5, H3: a key that was replaced under its id, and one that was removed."""
    keys = Keys(issuer.jwk_set())
    keys.set = JWKSet.parse(issuer.jwk_set())
    verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
    await verifier.verify(issuer.access_token(jti="1"))
    replaced = SigningKey.generate("RS256", kid=issuer.signing_key.kid)
    keys.set = JWKSet.parse({"keys": [replaced.public_jwk()]})
    for _ in range(2):
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(issuer.access_token(jti="2"))
        assert refusal.value.reason is Reason.BAD_SIGNATURE
        await verifier.verify(issuer.access_token(jti="3", key=replaced))
        header_segment, _, _ = issuer.access_token().encode().split(b".")
        known = verifier._tokens._headers.get(header_segment)
        assert known is not None
        assert known.keys is keys.set
    other = SigningKey.generate("RS256", kid="another")
    keys.set = JWKSet.parse({"keys": [other.public_jwk()]})
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(issuer.access_token(jti="4", key=replaced))
    assert refusal.value.reason is Reason.UNKNOWN_KEY


@pytest.mark.anyio
async def test_a_header_that_one_issuer_wrote_is_judged_anew_for_another(clock: Any) -> None:
    """D9, E5: though both have the very same keys at hand."""
    lax = MockIssuer(issuer="https://lax.example/", clock=clock)
    strict = MockIssuer(issuer="https://strict.example/", key=lax.signing_key, clock=clock)
    keys = StaticJWKSet(lax.jwk_set())
    verifier = AccessTokenVerifier(
        [
            TrustedIssuer(issuer=lax.issuer, audience=lax.audience, keys=keys),
            TrustedIssuer(
                issuer=strict.issuer, audience=strict.audience, keys=keys, profile="rfc9068"
            ),
        ],
        clock=clock,
    )
    for _ in range(2):
        await verifier.verify(lax.access_token(headers={"typ": "JWT"}))
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(strict.access_token(headers={"typ": "JWT"}))
        assert refusal.value.reason is Reason.WRONG_TYPE
