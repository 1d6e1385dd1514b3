"""The search for the key of a signature: at hand first, then by a fetch.

No token costs a fetch, before its issuer has signed it, that could not be accepted anyway.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from asgi_jwks._printable import printable
from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.jose.read_only import ReadOnlyDict
from asgi_jwks.tokens.header_cache import Signer
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuers import Issuer, TrustedIssuers
from asgi_jwks.tokens.steps import ReceivedToken, refusal_of_stranger

__all__ = ["SignerSearch", "signer_at_hand"]

# Stands for the set where the key had to be waited for: it is never one that is at hand later.
_NO_KEYS: Final = JWKSet(())


class SignerSearch:
    """Finds the keys that a token can mean, and the one that signed it.

    Args:
        issuers: the trusted issuers.
        clock: seconds since the epoch.
    """

    def __init__(self, issuers: TrustedIssuers, clock: Callable[[], float]) -> None:
        self._issuers: Final = issuers
        self._clock: Final = clock

    def candidates(self, header: JOSEHeader) -> Sequence[VerificationKey]:
        """The keys at hand that a header can mean.

        Before anything of the payload is read.
        """
        if self._issuers.sole is not None:
            return ()
        if header.algorithm not in self._issuers.algorithms:
            raise InvalidToken(Reason.ALGORITHM_NOT_ALLOWED, printable(header.algorithm))
        return self._issuers.index.candidates(header.kid, header.algorithm)

    def unverified_claims(
        self, token: ReceivedToken, candidates: Sequence[VerificationKey]
    ) -> ReadOnlyDict:
        """The claims of a token that none of the keys at hand signed.

        Another one still may.

        Raises:
            InvalidToken: malformed; but bad_signature, and no more, if there were keys to try, and
                unknown_key where a tenant's could have been among them (requirement W5).
        """
        sole = self._issuers.sole
        name = None if sole is None else sole.rules.issuer
        if not candidates and self._issuers.resolves:
            return _of_a_stranger(token)
        if not candidates:
            return token.unverified_claims(name)
        if sole is not None and not any(map(sole.keys.can_replace, candidates)):
            raise InvalidToken(Reason.BAD_SIGNATURE)
        try:
            claims = token.unverified_claims(name)
        except InvalidToken:
            raise InvalidToken(Reason.BAD_SIGNATURE) from None
        issuer = claims.get("iss")
        if not isinstance(issuer, str) or (name is not None and issuer != name):
            raise InvalidToken(Reason.BAD_SIGNATURE)
        return claims

    async def signer(
        self,
        issuer: Issuer,
        token: ReceivedToken,
        header: JOSEHeader,
        claims: ReadOnlyDict,
        known: Signer | None,
    ) -> Signer:
        """The key of this issuer that signed the token.

        Raises:
            InvalidToken: there is none, or the token may not cost the fetch that could find it.
            KeySetError: the issuer's keys are unavailable.
        """
        signer = signer_at_hand(self._issuers, issuer, header, known)
        if self._issuers.sole is None:
            self._issuers.index.see(issuer)
        if signer is not None and token.is_signed_by(signer.key, header.algorithm):
            return signer
        screen: Callable[[], object] = partial(_screen, issuer, token, header, claims, self._clock)
        if signer is None:
            key = await issuer.keys.find(header.kid, header.algorithm, screen)
            if token.is_signed_by(key, header.algorithm):
                return self._issuers.signer(header, issuer, _NO_KEYS, key)
        else:
            key = signer.key
        # The key may have been replaced under the same key id.
        if issuer.keys.can_replace(key) and _is_passed(screen):
            newer = await issuer.keys.replacement_for(key, header.algorithm)
            if newer is not None and token.is_signed_by(newer, header.algorithm):
                return self._issuers.signer(header, issuer, _NO_KEYS, newer)
        # Whatever else is wrong with the token is not said.
        raise InvalidToken(Reason.BAD_SIGNATURE)


def signer_at_hand(
    issuers: TrustedIssuers, issuer: Issuer, header: JOSEHeader, known: Signer | None
) -> Signer | None:
    """The key of an issuer for a header, if that key is at hand.

    `known` is the signer that the same header meant before, if any.

    Raises:
        InvalidToken: the issuer does not allow such a header, or there is no such key and there
            is not a way to find more.
    """
    keys = issuer.keys.at_hand()
    if known is not None and known.issuer is issuer and known.keys is keys:
        return known
    issuer.rules.check_header(header)
    if keys is None:
        return None
    key = keys.find(header.kid, header.algorithm)
    if key is None:
        if not issuer.keys.can_find_more():
            # It raises why there is none; whatever else is wrong need not be read.
            keys.select(header.kid, header.algorithm)
        return None
    return issuers.signer(header, issuer, keys, key)


def _of_a_stranger(token: ReceivedToken) -> ReadOnlyDict:
    """Unverified claims, where tenants are resolved: whatever is wrong with them is not said.

    Under the key id of a tenant whose keys are at hand, the signature would be refused first.
    """
    try:
        claims = token.unverified_claims(None)
    except InvalidToken as refusal:
        raise refusal_of_stranger(refusal) from None
    if not isinstance(claims.get("iss"), str):
        raise InvalidToken(Reason.UNKNOWN_KEY, "not sought, since iss is not a string, or missing")
    return claims


def _is_passed(screen: Callable[[], object]) -> bool:
    """Whether claims that nobody has vouched for would be accepted."""
    try:
        screen()
    except InvalidToken:
        return False
    return True


def _screen(
    issuer: Issuer,
    token: ReceivedToken,
    header: JOSEHeader,
    claims: ReadOnlyDict,
    clock: Callable[[], float],
) -> None:
    """Judge claims that nobody has vouched for, if they are few.

    A fetch is for those that pass.
    """
    if token.can_be_screened():
        issuer.rules.check_claims(claims, header, clock())
