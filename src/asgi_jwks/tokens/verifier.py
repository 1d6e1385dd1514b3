"""The verification of an access token, from its bytes to what the application receives.

The procedure and its order are here; each rule lives where it belongs. It knows neither HTTP nor
where keys come from, and the clock is an argument. The steps (RFC 7519, section 7.2; RFC 9068,
section 4; RFC 8725, section 3):

    (1) the form of the compact JWS, strict and bounded
    (2) the header rules: algorithm, no critical extensions, no other kind of JWT
    (3) the trusted issuer: the only one there is, or the one that `iss` names, compared exactly
    (4) the key for the token's (kid, alg), of that issuer only
    (5) the signature
    (6) the claims: exp, nbf, iat, iss, aud, required claims, and the kind of token
    (7) the caller's own checks

Where the key is at hand, the signature is judged before the payload is parsed, so that a forged
token is told nothing about claims and costs nothing but its signature. Only where (4) or (5) would
cost a fetch, (6) is judged first: a token that could not pass it anyway may not cost one.

A token that was accepted before skips (1) to (6), but neither its time nor the trust in its key.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, Final

from asgi_jwks._printable import printable
from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.jws import decode_header
from asgi_jwks.jose.read_only import private_copy
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.batching import Batching
from asgi_jwks.tokens.header_cache import HeaderCache, Signer
from asgi_jwks.tokens.header_rules import JOSEHeader, read_header
from asgi_jwks.tokens.issuers import TrustedIssuers
from asgi_jwks.tokens.near_misses import NearMisses
from asgi_jwks.tokens.steps import ReceivedToken, is_passed, run_checks, signer_at_hand
from asgi_jwks.tokens.token_cache import CachedToken, TokenCache

__all__ = ["TokenVerifier"]

# Stands for the set where the key had to be waited for: it is never one that is at hand later.
NO_KEYS: Final = JWKSet(())


class TokenVerifier:
    """Verifies access tokens of trusted issuers.

    Args:
        issuers: the trusted issuers.
        clock: seconds since the epoch.
        max_token_bytes: longer tokens are malformed.
        cached_tokens: how many accepted tokens are remembered; 0 remembers none.
    """

    def __init__(
        self,
        issuers: TrustedIssuers,
        *,
        clock: Callable[[], float],
        max_token_bytes: int,
        cached_tokens: int,
    ) -> None:
        self._issuers: Final = issuers
        self._clock: Final = clock
        self._max_token_bytes: Final = max_token_bytes
        self._tokens: Final = TokenCache(cached_tokens)
        self._headers: Final = HeaderCache()
        self._batching: Final = Batching()
        self._near_misses: Final = NearMisses("audience")

    async def verify(self, token: bytes) -> AccessToken:
        """Verify a token; see AccessTokenVerifier.verify."""
        if len(token) > self._max_token_bytes:
            raise InvalidToken(
                Reason.MALFORMED, f"longer than max_token_bytes={self._max_token_bytes}"
            )
        digest = sha256(token).digest()
        cached = self._tokens.get(digest)
        if cached is not None and self._is_trusted(cached):
            cached.check_time(self._clock())
            claims = cached.claims
            if claims is None:
                claims = ReceivedToken(token).claims()
                self._tokens.keep_claims(cached, claims)
            claims = private_copy(claims)
            is_new = False
        else:
            received = ReceivedToken(token)  # (1)
            try:
                cached, claims = await self._verified(received)
            finally:
                await self._batching.let_others_verify()
            is_new = True
        # No frame that runs the application's code has the token as a local.
        del token
        access_token: AccessToken = AccessToken(claims, claims, key_id=cached.key.kid)
        # (7) The caller's own checks.
        if cached.issuer.checks:
            await run_checks(cached.issuer.checks, access_token)
        if is_new:
            self._tokens.put(digest, cached)
        return access_token

    async def _verified(self, token: ReceivedToken) -> tuple[CachedToken, Mapping[str, Any]]:
        """Steps (2) to (6)."""
        # (2) The header.
        known = self._headers.get(token.header_segment)
        header = read_header(decode_header(token.header_segment)) if known is None else known.header
        # (3) The issuer and (4) the key, as far as the header tells; (5) the signature.
        signers = self._signers_at_hand(known, header)
        signer = next(filter(token.is_signed_by, signers), None)
        if signer is None and signers and not self._may_have_another_key(signers):
            raise InvalidToken(Reason.BAD_SIGNATURE)
        claims = token.claims() if signer is not None or not signers else token.forged_claims()
        if signer is None or claims.get("iss") != signer.issuer.rules.issuer:
            # (3), (4) and (5) by the issuer that the claims name.
            signer = await self._signer_named(claims, token, header, failed=signers)
        # (6) The claims.
        rules = signer.issuer.rules
        try:
            not_before, not_after = rules.check_claims(claims, header, self._clock())
        except InvalidToken as refusal:
            if refusal.reason is Reason.WRONG_AUDIENCE:
                self._near_misses.look(claims.get(rules.audience_claim), rules.audiences)
            raise
        if known is None or known.keys is not signer.keys:
            self._headers.put(token.header_segment, signer)
        return CachedToken(signer, not_before, not_after), claims

    def _signers_at_hand(self, known: Signer | None, header: JOSEHeader) -> Sequence[Signer]:
        """The keys at hand that a header can mean, before anything of the payload is read."""
        if known is not None and known.keys is known.issuer.keys.at_hand():
            return (known,)
        sole = self._issuers.sole
        if sole is not None:
            signer = signer_at_hand(sole, header)
            return () if signer is None else (signer,)
        if header.algorithm not in self._issuers.algorithms:
            raise InvalidToken(Reason.ALGORITHM_NOT_ALLOWED, printable(header.algorithm))
        return ()

    def _may_have_another_key(self, signers: Sequence[Signer]) -> bool:
        """Whether a token that none of these signed may be good: by another issuer or newer key."""
        return self._issuers.sole is None or any(
            signer.issuer.keys.can_replace(signer.key) for signer in signers
        )

    async def _signer_named(
        self,
        claims: Mapping[str, Any],
        token: ReceivedToken,
        header: JOSEHeader,
        *,
        failed: Sequence[Signer],
    ) -> Signer:
        """The key of the issuer that `iss` names, which signed the token.

        Raises:
            InvalidToken: there is no such issuer or key, or it did not sign the token.
            KeySetError: the issuer's keys are unavailable.
        """
        issuer = await self._issuers.named(claims)
        screen = partial(issuer.rules.check_claims, claims, header, self._clock())
        signer = signer_at_hand(issuer, header)
        if signer is None:
            key = await issuer.keys.find(
                header.kid, header.algorithm, screen if token.is_worth_screening() else _let_pass
            )
            signer = Signer(header, issuer, NO_KEYS, key)
        if signer not in failed and token.is_signed_by(signer):
            return signer
        # The key may have been replaced under the same key id.
        if issuer.keys.can_replace(signer.key) and (
            not token.is_worth_screening() or is_passed(screen)
        ):
            newer = await issuer.keys.replacement_for(signer.key, header.algorithm)
            if newer is not None:
                signer = Signer(header, issuer, NO_KEYS, newer)
                if token.is_signed_by(signer):
                    return signer
        # Whatever else is wrong with the token is not said.
        raise InvalidToken(Reason.BAD_SIGNATURE)

    def _is_trusted(self, cached: CachedToken) -> bool:
        """Whether the issuer is trusted still, and the key is one of its keys still."""
        issuer = cached.issuer
        keys = issuer.keys.at_hand()
        if not self._issuers.trusts(issuer):
            return False
        if keys is not cached.keys:
            key = None if keys is None else keys.find(cached.key.kid, cached.algorithm)
            if keys is None or key is None or key.thumbprint != cached.key.thumbprint:
                return False
            cached.keys = keys
        return True


def _let_pass() -> None:
    """The screen of a payload that is too large to be read for a fetch."""
