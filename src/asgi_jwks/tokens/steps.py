"""The parts of the procedure in `verifier`, each once: the token in parts, keys, checks."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.jws import decode_claims, decode_signature, segments_of
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.header_cache import Signer
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuers import Check, Issuer

__all__ = ["ReceivedToken", "is_passed", "run_checks", "signer_at_hand"]

# A payload above this costs more to judge than the fetch that it does not deserve: it is not screened
# and pays the budget like one that passed (requirement W3).
LARGEST_SCREENED_BYTES: Final = 4096


class ReceivedToken:
    """A token in its parts, each decoded when it is needed.

    It holds the signature, so that no local of a frame does: error collectors record locals.
    """

    __slots__ = ("_payload", "_signature", "_signing_input", "header_segment")

    def __init__(self, token: bytes) -> None:
        # RFC 7515, section 5.2, step 1.
        self.header_segment, self._payload, self._signature, self._signing_input = segments_of(
            token
        )

    def is_signed_by(self, signer: Signer) -> bool:
        """Whether this key made the signature. Raises InvalidToken if it is malformed."""
        signature = decode_signature(self._signature)
        return signer.key.verify(signer.header.algorithm, self._signing_input, signature)

    def claims(self) -> Mapping[str, Any]:
        """The claims, read strictly. Raises InvalidToken if the payload is malformed."""
        return decode_claims(self._payload)

    def forged_claims(self) -> Mapping[str, Any]:
        """The claims of a token that no key at hand signed; a malformed payload is not told."""
        try:
            return decode_claims(self._payload)
        except InvalidToken:
            raise InvalidToken(Reason.BAD_SIGNATURE) from None

    def is_worth_screening(self) -> bool:
        """Whether the payload is small enough to be read before anybody vouches for it."""
        return len(self._payload) <= LARGEST_SCREENED_BYTES

    def __repr__(self) -> str:
        return "ReceivedToken(...)"


def signer_at_hand(issuer: Issuer, header: JOSEHeader) -> Signer | None:
    """The issuer's key for a header, if that key is at hand.

    Raises:
        InvalidToken: the issuer does not allow such a header, or there is no such key and there
            is no way to find more.
    """
    issuer.rules.check_header(header)
    keys = issuer.keys.at_hand()
    if keys is None:
        return None
    key = keys.find(header.kid, header.algorithm)
    if key is None:
        if not issuer.keys.can_find_more():
            # It raises why there is none; whatever else is wrong need not be read.
            keys.select(header.kid, header.algorithm)
        return None
    return Signer(header, issuer, keys, key)


def is_passed(screen: Callable[[], object]) -> bool:
    """Whether claims that nobody has vouched for would be accepted."""
    try:
        screen()
    except InvalidToken:
        return False
    return True


async def run_checks(checks: Sequence[Check], access_token: AccessToken) -> None:
    """Run the caller's own checks, on every request: their answer may have changed.

    Raises:
        InvalidToken: one returned False.
        TypeError: one returned neither True nor False, which is the application's own error.
    """
    for check in checks:
        passed = check(access_token)
        if inspect.isawaitable(passed):
            passed = await passed
        if passed is False:
            raise InvalidToken(Reason.CHECK_FAILED)
        if passed is not True:
            raise TypeError(f"the check {check!r} must return True or False; got {passed!r}")
