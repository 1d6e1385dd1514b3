"""The judging again of tokens that were accepted, by the real verifier."""

from typing import Any

import pytest
from tests.support.clock import Clock

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    InsufficientScope,
    InvalidToken,
    KeySetUnavailable,
    Reason,
    RemoteJWKSet,
    SharedSecret,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.testing import MockIssuer, SigningKey, forge
from asgi_jwks.tokens.access_token import basis_of

pytestmark = pytest.mark.anyio


class Trusting:
    """An issuer whose keys are fetched, and a verifier."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock(0.0)
        self.issuer = MockIssuer(key=SigningKey.generate("RS256", kid="first"))
        self.keys = RemoteJWKSet(
            self.issuer.jwks_uri, http_client=self.issuer.http_client(), clock=self.clock
        )
        self.verifier = AccessTokenVerifier(
            issuer=self.issuer.issuer, audience=self.issuer.audience, keys=self.keys, **options
        )

    async def token(self) -> AccessToken:
        return await self.verifier.verify(self.issuer.access_token())


async def test_a_token_stands_while_its_key_is_trusted() -> None:
    """H3, C6: it costs no fetch; a newer key beside it changes nothing."""
    trusting = Trusting()
    token = await trusting.token()
    fetches = trusting.issuer.jwks.count
    await trusting.verifier.check_again(token)
    assert trusting.issuer.jwks.count == fetches
    trusting.issuer.rotate()
    await trusting.keys.refresh()
    await trusting.verifier.check_again(token)


async def test_a_key_that_is_distrusted_or_removed_ends_it() -> None:
    """H3, F17: at once, and no longer than until it is trusted again."""
    trusting = Trusting()
    token = await trusting.token()
    trusting.keys.distrust(kid="first")
    with pytest.raises(InvalidToken):
        await trusting.verifier.check_again(token)
    trusting.keys.trust_again(kid="first")
    await trusting.verifier.check_again(token)
    trusting.issuer.swap_key()
    await trusting.keys.refresh()
    with pytest.raises(InvalidToken) as caught:
        await trusting.verifier.check_again(token)
    assert caught.value.reason is Reason.UNKNOWN_KEY


async def test_a_key_id_that_is_distrusted_ends_it_though_another_has_the_same_material() -> None:
    """H3, F17: as it does for the next request."""
    trusting = Trusting()
    key = trusting.issuer.signing_key.public_jwk()
    trusting.issuer.jwks.document({"keys": [key, {**key, "kid": "alias"}]})
    text = trusting.issuer.access_token()
    token = await trusting.verifier.verify(text)
    trusting.keys.distrust(kid="first")
    with pytest.raises(InvalidToken):
        await trusting.verifier.verify(text)
    with pytest.raises(InvalidToken):
        await trusting.verifier.check_again(token)


async def test_other_material_under_the_same_key_id_ends_it() -> None:
    """H3: also where it was fetched for this question alone."""
    trusting = Trusting()
    token = await trusting.token()
    trusting.issuer.reissue_key()
    trusting.clock.now = 5000.0
    with pytest.raises(InvalidToken, match="not trusted any more"):
        await trusting.verifier.check_again(token)


async def test_keys_that_have_lapsed_are_fetched_and_end_it_where_that_fails() -> None:
    """H3: an application without requests has not asked for its keys for long."""
    trusting = Trusting()
    token = await trusting.token()
    trusting.clock.now = 5000.0
    await trusting.verifier.check_again(token)
    trusting.issuer.jwks.fail(500)
    trusting.clock.now = 15000.0
    with pytest.raises(KeySetUnavailable):
        await trusting.verifier.check_again(token)


async def test_a_check_of_the_callers_own_is_asked_again() -> None:
    """C6: a denylist is one."""
    revoked: list[str | None] = []

    def check(token: AccessToken) -> bool:
        if token.subject == "demoted":
            raise InsufficientScope("admin")
        return token.subject not in revoked

    trusting = Trusting(checks=[check])
    token = await trusting.token()
    await trusting.verifier.check_again(token)
    revoked.append(token.subject)
    with pytest.raises(InvalidToken) as caught:
        await trusting.verifier.check_again(token)
    assert caught.value.reason is Reason.CHECK_FAILED


async def test_an_issuer_that_is_not_trusted_any_more_ends_it() -> None:
    """H3, F24: a tenant that the resolver does not name now."""
    issuer = MockIssuer()
    tenants: dict[str, TrustedIssuer] = {
        issuer.issuer: TrustedIssuer(
            issuer=issuer.issuer,
            audience=issuer.audience,
            grants=[],
            keys=StaticJWKSet(issuer.jwk_set()),
        )
    }

    async def resolver(name: str) -> TrustedIssuer | None:
        return tenants.get(name)

    verifier = AccessTokenVerifier(resolver=resolver)
    token = await verifier.verify(issuer.access_token())
    await verifier.check_again(token)
    # A verifier of its own has nothing of the answer that this one keeps.
    tenants.clear()
    with pytest.raises(InvalidToken) as caught:
        await AccessTokenVerifier(resolver=resolver).check_again(token)
    assert caught.value.reason is Reason.UNKNOWN_ISSUER


async def test_a_shared_secret_stands() -> None:
    """C6, H8: no digest of it is kept with a token, by which it could be guessed."""
    issuer, secret = MockIssuer(), bytes(range(64, 96))
    verifier = AccessTokenVerifier(
        issuer=issuer.issuer, audience=issuer.audience, keys=SharedSecret(secret)
    )
    claims = forge.split(issuer.access_token()).claims
    signed = forge.encode({"alg": "HS256"}, claims, sign=forge.hmac_signer(secret))
    token = await verifier.verify(signed)
    await verifier.check_again(token)
    assert basis_of(token).thumbprint is None
