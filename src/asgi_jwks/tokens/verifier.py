"""The verification of an access token, from its bytes to what the application receives.

What lives only here: the procedure and its order; each rule lives where it belongs. What it does
not know: HTTP, and how keys are had. The clock is an argument of the constructor.

The procedure (RFC 7519, section 7.2; RFC 9068, section 4; RFC 8725, section 3):

    (1) parse the compact JWS, strictly and bounded
    (2) header rules: algorithm, no critical extensions, no other kind of JWT
    (3) the trusted issuer that `iss` names, compared exactly
    (4) the key for the token's (kid, alg), of that issuer only
    (5) the signature
    (6) the claims: exp, nbf, iat, aud, required claims, kind of token, scopes
    (7) the caller's own checks

The signature is judged before any claim, so that a forged token is told nothing about claims. Only
where (4) or (5) would cost a fetch, (6) is looked at first: a token that could not pass it anyway
may not cost one. And a token whose header alone shows that it must fail is not read further.

A token that was accepted before skips (1) to (6), but not its time, nor the trust in its key.
"""

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, Final

from asgi_jwks._printable import printable
from asgi_jwks.errors import ConfigurationError, InvalidToken, Reason
from asgi_jwks.jose.algorithms import ALGORITHMS
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.jws import (
    MAX_TOKEN_BYTES,
    decode_claims,
    decode_header,
    decode_signature,
    segments_of,
)
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.batching import Pacing, yield_once
from asgi_jwks.tokens.header_cache import KnownSigners, Signer
from asgi_jwks.tokens.header_rules import JOSEHeader, read_header
from asgi_jwks.tokens.issuers import Check, Issuer, TrustedIssuers
from asgi_jwks.tokens.near_misses import NearMisses
from asgi_jwks.tokens.resolver import IssuerResolver, ResolvedIssuers
from asgi_jwks.tokens.token_cache import VerifiedToken, VerifiedTokens

__all__ = ["AccessTokenVerifier"]

# Some 2 to 15 MiB of tokens; an API with more users at a time than this verifies some again.
VERIFIED_TOKENS: Final = 10_000

# Stands for the set where there is none at hand, or where the key had to be waited for: it is never
# one that is at hand later.
NO_KEYS: Final = JWKSet(())


class AccessTokenVerifier:
    """Verifies access tokens of one or more trusted issuers; no web framework is needed.

    Args:
        issuers: TrustedIssuer objects, each with its own audiences, algorithms and keys.
        resolver: an async callable that names the trusted issuer of an `iss` that is not among
            `issuers`, or None. Its answers are kept for 300 s, "unknown" for 10 s. Anybody can
            make it be called with any text.
        clock: seconds since the epoch.
        max_token_bytes: longer tokens are malformed (16384).
        verified_tokens: how many accepted tokens are remembered (10000); 0 remembers none.

    Raises:
        ConfigurationError: no issuer is trusted, or two have the same name.
    """

    def __init__(
        self,
        issuers: Sequence[Issuer] = (),
        *,
        resolver: IssuerResolver | None = None,
        clock: Callable[[], float] = time.time,
        max_token_bytes: int = MAX_TOKEN_BYTES,
        verified_tokens: int = VERIFIED_TOKENS,
    ) -> None:
        sizes = {"max_token_bytes": max_token_bytes, "verified_tokens": verified_tokens}
        for name, number in sizes.items():
            if type(number) is not int or number < 0:
                raise ConfigurationError(f"{name} must be a whole number, zero or more.")
        self._issuers: Final = TrustedIssuers(
            issuers, None if resolver is None else ResolvedIssuers(resolver)
        )
        self._resolves: Final = resolver is not None
        # What some issuer may allow; the issuer itself is asked once it is known.
        self._algorithms: Final = (
            frozenset(ALGORITHMS)
            if resolver is not None
            else frozenset[str]().union(*(issuer.rules.algorithms for issuer in issuers))
        )
        self._sole: Final = issuers[0] if len(issuers) == 1 and resolver is None else None
        self._clock: Final = clock
        self.max_token_bytes: Final = max_token_bytes
        self._near_misses: Final = NearMisses("audience")
        self._verified: Final = VerifiedTokens(verified_tokens)
        self._signers: Final = KnownSigners()
        self._pacing: Final = Pacing()

    async def verify(self, token: str | bytes) -> AccessToken:
        """Verify a token; a Bearer token as it came, without the scheme.

        Raises:
            InvalidToken: it is not a valid access token here; `reason` says which rule it broke.
            InsufficientScope: a check of the caller's own demands more.
            KeySetError: the issuer's keys cannot be had, so nothing can be said of the token.
        """
        octets = token if isinstance(token, bytes) else token.encode("utf-8", "surrogatepass")
        verdict = self.verdict(octets)
        if isinstance(verdict, Reason):
            raise InvalidToken(verdict)
        return verdict if isinstance(verdict, AccessToken) else await verdict

    def verdict(self, token: bytes) -> AccessToken | Reason | Awaitable[AccessToken]:
        """As `verify`, for the request path: what is known of a token at once, or to be awaited.

        Of a token that was accepted before, that is the access token, or for which reason it is
        not valid now. Without a coroutine and without an exception, which nobody else would see,
        such a token costs a fifth less.

        Raises:
            InvalidToken: it is longer than `max_token_bytes`; all else is raised when awaited.
        """
        if len(token) > self.max_token_bytes:
            raise InvalidToken(Reason.MALFORMED, f"longer than {self.max_token_bytes} bytes")
        digest = sha256(token).digest()
        # Two calls are spared for the token that was here a moment ago, under keys that are as they
        # were: together they took a sixth of the time for such a token.
        verified = self._verified.young.get(digest) or self._verified.get(digest)
        if verified is None or not (
            (verified.keys is verified.issuer.keys.at_hand() and self._sole is not None)
            or self._is_trusted(verified)
        ):
            return self._verify(token, digest)
        now = self._clock()
        if not verified.not_before <= now < verified.not_after:
            return verified.untimely(now)
        access_token = verified.access_token or verified.reread(token)
        checks = verified.issuer.checks
        return self._checked(access_token, checks) if checks else access_token

    async def _verify(self, token: bytes, digest: bytes) -> AccessToken:
        # (1) The form; of the three parts, first the header's.
        header_segment, payload_segment, signature_segment, signing_input = segments_of(token)

        # (2) The header. A sole issuer can be asked before the token has named it.
        known = self._signers.get(header_segment)
        header = read_header(decode_header(header_segment)) if known is None else known.header
        issuer, keys, key = self._sole, NO_KEYS, None
        if issuer is not None:
            keys, key = _key_at_hand(issuer, header, known)
            if key is None and keys is not NO_KEYS and not issuer.keys.may_find_more():
                # It raises why there is none; whatever else is wrong need not be read.
                keys.select(header.kid, header.algorithm)
        elif header.algorithm not in self._algorithms:
            raise InvalidToken(Reason.ALGORITHM_NOT_ALLOWED, printable(header.algorithm))

        # (1) again: the payload's form, and the signature's.
        claims = decode_claims(payload_segment)
        signature = decode_signature(signature_segment)

        # (3) The issuer, and what it allows in a header.
        if issuer is None or claims.get("iss") != issuer.rules.issuer:
            issuer = await self._issuers.named(claims)
            keys, key = _key_at_hand(issuer, header, known)

        # (4) The key.
        if key is None:
            screen = partial(self._judge, claims, header, issuer)
            key = await issuer.keys.key_for(header.kid, header.algorithm, screen)
            keys = NO_KEYS

        # (5) The signature.
        if not key.verify(header.algorithm, signing_input, signature):
            if self._pacing.is_crowded():
                await yield_once()
            newer = None
            # The key may have been replaced under the same key id.
            if issuer.keys.may_replace(key) and self._passes(claims, header, issuer):
                newer = await issuer.keys.replacement_for(key, header.algorithm)
            if newer is None or not newer.verify(header.algorithm, signing_input, signature):
                # Whatever else is wrong with the token is not said.
                raise InvalidToken(Reason.BAD_SIGNATURE)
            keys, key = NO_KEYS, newer

        # (6) The claims.
        try:
            not_before, not_after = issuer.rules.check_claims(claims, header, self._clock())
        except InvalidToken as refusal:
            if refusal.reason is Reason.WRONG_AUDIENCE:
                audience = claims.get(issuer.rules.audience_claim)
                self._near_misses.look(audience, issuer.rules.audiences)
            raise

        # (7) The caller's own checks.
        access_token: AccessToken = AccessToken(claims, claims, key_id=key.kid)
        if issuer.checks:
            await self._checked(access_token, issuer.checks)

        if known is None or known.keys is not keys:
            self._signers.remember(header_segment, Signer(header, issuer, keys, key))
        self._verified.put(
            digest, VerifiedToken(issuer, keys, key, header.algorithm, not_before, not_after)
        )
        # The request goes on, once those that arrived with it are verified as well.
        if self._pacing.is_crowded():
            await yield_once()
        return access_token

    def _judge(
        self, claims: Mapping[str, Any], header: JOSEHeader, issuer: Issuer
    ) -> tuple[float, float]:
        return issuer.rules.check_claims(claims, header, self._clock())

    def _passes(self, claims: Mapping[str, Any], header: JOSEHeader, issuer: Issuer) -> bool:
        try:
            self._judge(claims, header, issuer)
        except InvalidToken:
            return False
        return True

    async def _checked(self, access_token: AccessToken, checks: Sequence[Check]) -> AccessToken:
        # For every request: what they ask may have changed.
        for check in checks:
            passed = check(access_token)
            if inspect.isawaitable(passed):
                passed = await passed
            if not passed:
                raise InvalidToken(Reason.CHECK_FAILED)
        return access_token

    def _is_trusted(self, verified: VerifiedToken) -> bool:
        """Whether the issuer is trusted still, and the key is one of its keys still."""
        issuer = verified.issuer
        keys = issuer.keys.at_hand()
        if self._resolves and self._issuers.known(issuer.rules.issuer) is not issuer:
            return False
        if keys is not verified.keys:
            key = None if keys is None else keys.find(verified.key.kid, verified.algorithm)
            if keys is None or key is None or key.thumbprint != verified.key.thumbprint:
                return False
            verified.keys = keys
        return True

    async def warm(self) -> None:
        """Have the keys of all configured issuers at hand; never longer than their `timeout`.

        Raises:
            KeySetError: those of one issuer cannot be had; the others' were fetched all the same.
        """
        await self._issuers.warm()

    async def keep_fresh(self) -> None:
        """Refresh the configured issuers' keys whenever they are due, until cancelled."""
        await self._issuers.keep_fresh()

    async def aclose(self) -> None:
        """Cancel the refreshes in progress in this event loop. The verifier stays usable."""
        await self._issuers.aclose()


def _key_at_hand(
    issuer: Issuer, header: JOSEHeader, known: Signer | None
) -> tuple[JWKSet, VerificationKey | None]:
    """The issuer's keys and the token's among them, as far as they are at hand.

    Raises:
        InvalidToken: the issuer does not allow such a header.
    """
    if known is not None and known.issuer is issuer and known.keys is issuer.keys.at_hand():
        return known.keys, known.key
    issuer.rules.check_header(header)
    keys = issuer.keys.at_hand() or NO_KEYS
    return keys, keys.find(header.kid, header.algorithm)
