"""The verification of an access token, from its bytes to the AccessToken.

The procedure and its order are here; each rule lives where it belongs. It knows neither HTTP nor
where keys come from, and the clock is an argument. The steps (RFC 7519, section 7.2; RFC 9068,
section 4; RFC 8725, section 3):

    (1) the form of the compact JWS, strict and bounded
    (2) the header rules: algorithm, no critical extensions, no other kind of JWT
    (3) the trusted issuer: the only one there is, or the one that `iss` names, compared exactly
    (4) the key for the token's (kid, alg), of that issuer only
    (5) the signature
    (6) the claims: exp, nbf, iat, iss, aud, required claims, and the kind of token
    (7) the binding to a sender, and the caller's own checks

Where the key is at hand, the signature is judged before the payload is parsed, so that a forged
token is told nothing about claims and costs nothing but its signature. With several issuers, the
header chooses among the keys at hand, and `iss` must then name an issuer that has the key which
signed. Only where (4) or (5) would cost a fetch, (6) is judged first: a token that could not pass
it anyway may not cost one.

A token that was accepted before skips (1) to (6), but neither its time nor the trust in its key.
"""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Final

from asgi_jwks.errors import (
    InvalidProof,
    InvalidRequest,
    InvalidToken,
    Reason,
    RequestError,
    TemporarilyUnavailable,
    TooManyProofs,
)
from asgi_jwks.jose.jws import decode_header, decode_unverified
from asgi_jwks.jose.read_only import ReadOnlyDict
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.batching import Batching, yield_once
from asgi_jwks.tokens.explained_steps import explanation_of
from asgi_jwks.tokens.explanation import Explanation
from asgi_jwks.tokens.header_cache import HeaderCache
from asgi_jwks.tokens.header_rules import read_header
from asgi_jwks.tokens.issuers import Presentation, TrustedIssuers
from asgi_jwks.tokens.refusal_advice import attach_advice
from asgi_jwks.tokens.signer_search import SignerSearch, signer_at_hand
from asgi_jwks.tokens.steps import (
    ReceivedToken,
    check_binding,
    refusal_of_stranger,
    run_checks,
)
from asgi_jwks.tokens.token_cache import CachedToken, TokenCache
from asgi_jwks.tokens.trace import Trace

__all__ = ["TokenVerifier"]

_ADVISED: Final = (
    InvalidToken,
    InvalidProof,
    InvalidRequest,
    TooManyProofs,
    TemporarilyUnavailable,
)


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
        self._search: Final = SignerSearch(issuers, clock)
        self._batching: Final = Batching()
        self.verified_last: AccessToken | None = None
        """The token that was verified last, and not just remembered.

        Whoever has looked may set it to None.
        """

    @property
    def remembered(self) -> int:
        """How many accepted tokens are remembered now."""
        return len(self._tokens)

    async def verify(self, token: bytes, request: Presentation | None = None) -> AccessToken:
        """Verify a token; see AccessTokenVerifier.verify."""
        if len(token) > self._max_token_bytes:
            raise self._too_long()
        digest = sha256(token).digest()
        cached = self._tokens.get(digest)
        trace: Trace | None = None
        try:
            if cached is not None and self._is_trusted(cached):
                if cached.claims is None:
                    claims = ReceivedToken(token, Trace(3)).claims()
                    self._tokens.keep_claims(cached, claims)
                else:
                    claims = cached.claims.copy()
                # Neither the token nor its signature is a local where the application's code runs.
                del token
                now = self._clock()
                cached.check_time(now)
                issuer = cached.issuer
                if request is None and issuer.binding is None and not issuer.checks:
                    return AccessToken(claims, claims, cached.basis)
                return await self._checked(cached, claims, digest, request, now)
            trace = Trace(token.count(b".") + 1)
            accepting = self._accepted(ReceivedToken(token, trace))  # (1)
            del token
            cached, claims = await accepting
            # The request goes on once those that arrived with it are verified as well.
            if self._batching.is_crowded():
                await yield_once()
            if cached.issuer.binding is not None:
                # The token is good, and known from now on, whatever becomes of this request.
                self._tokens.put(digest, cached)
            access_token = await self._checked(cached, claims, digest, request, self._clock())
        except _ADVISED as refusal:
            if isinstance(refusal, RequestError) and refusal.reason is Reason.MALFORMED:
                # The frames that read its form, and this one, have the token as a local.
                refusal.__traceback__ = refusal.__context__ = None
            attach_advice(refusal, self._issuers, trace or _trace_of(cached), self._clock())
            raise
        self._tokens.put(digest, cached)
        self.verified_last = access_token
        return access_token

    async def explain(self, token: bytes, request: Presentation | None = None) -> Explanation:
        """Verify a token anew, and tell how; see AccessTokenVerifier.explain."""
        trace = Trace(token.count(b".") + 1)
        payload, digest = b"".join(token.split(b".")[1:2]), sha256(token).digest()
        outcome: AccessToken | RequestError | TemporarilyUnavailable
        try:
            if len(token) > self._max_token_bytes:
                raise self._too_long()
            accepting = self._accepted(ReceivedToken(token, trace))
            del token
            cached, claims = await accepting
            trace.is_accepted = True
            outcome = await self._checked(cached, claims, digest, request, self._clock())
        except (RequestError, TemporarilyUnavailable) as refusal:
            if isinstance(refusal, _ADVISED):
                attach_advice(refusal, self._issuers, trace, self._clock())
            outcome = refusal
        if trace.header is not None and trace.claims is None:
            # An operator wants to see whose token it is, also where its key decided already.
            with suppress(InvalidToken):
                trace.claims = decode_unverified(payload)
        return explanation_of(trace, outcome, self._issuers, self._clock())

    def _too_long(self) -> InvalidToken:
        return InvalidToken(Reason.MALFORMED, f"longer than {self._max_token_bytes} bytes")

    async def _checked(
        self,
        cached: CachedToken,
        claims: ReadOnlyDict,
        digest: bytes,
        request: Presentation | None,
        now: float,
    ) -> AccessToken:
        """(7) The binding, then the caller's own checks."""
        issuer = cached.issuer
        if issuer.binding is not None or request is not None:
            await check_binding(issuer, claims, digest, request, now)
        access_token: AccessToken = AccessToken(claims, claims, cached.basis)
        if issuer.checks:
            await run_checks(issuer.checks, access_token)
        return access_token

    async def _accepted(self, token: ReceivedToken) -> tuple[CachedToken, ReadOnlyDict]:
        """Steps (2) to (6)."""
        # (2) The header.
        known = self._headers.get(token.header_segment)
        header = read_header(decode_header(token.header_segment)) if known is None else known.header
        trace = token.trace
        trace.header = header
        # (3) The issuer and (4) the key, as far as the header tells; (5) the signature.
        issuers = self._issuers
        sole = issuers.sole
        signer = None if sole is None else signer_at_hand(issuers, sole, header, known)
        candidates = self._search.candidates(header) if signer is None else (signer.key,)
        token.check_signature_form()
        is_signed = token.is_signed_by_one_of(candidates, header.algorithm)
        # (3), (4) and (5) by the issuer that the claims name.
        claims = token.claims() if is_signed else self._search.unverified_claims(token, candidates)
        trace.claims = claims
        issuer = issuers.known(claims.get("iss")) or await issuers.named(claims)
        trace.issuer = issuer
        if signer is None or not is_signed or issuer is not sole:
            try:
                signer = await self._search.signer(issuer, token, header, claims, known)
            except InvalidToken as refusal:
                if is_signed or not issuers.is_resolved(issuer):
                    raise
                raise refusal_of_stranger(refusal) from None
        # (6) The claims. Of a large payload only `iss` was read until now, by a reader that is not
        # strict: what both read must be the same.
        trace.claims = claims = token.claims()
        if claims.get("iss") != issuer.rules.issuer:
            raise InvalidToken(Reason.INVALID_CLAIM, "iss is read in two ways")
        # (4) again: a small key may have been replaced under its key id, so it is judged last.
        issuer.rules.check_key_size(signer.basis.rsa_bits)
        not_before, not_after = issuer.rules.check_claims(claims, header, self._clock())
        if signer is not known:
            self._headers.put(token.header_segment, signer)
        return CachedToken(signer, not_before, not_after), claims

    def _is_trusted(self, cached: CachedToken) -> bool:
        """Whether the issuer is trusted still, and the key is one of its keys still."""
        issuer = self._issuers.trusted_still(cached.issuer)
        if issuer is None:
            return False
        if issuer is not cached.issuer:
            cached.issuer = issuer
        keys = issuer.keys.at_hand()
        if keys is not cached.keys:
            key = None if keys is None else keys.find(cached.key.kid, cached.algorithm)
            if keys is None or key is None or key.thumbprint != cached.key.thumbprint:
                return False
            cached.keys = keys
        return True


def _trace_of(cached: CachedToken | None) -> Trace:
    """How far the procedure came with a token that was accepted before: to the end."""
    trace = Trace(3)
    trace.issuer = None if cached is None else cached.issuer
    trace.is_signed = cached is not None
    return trace
