"""The parts of the procedure in `verifier`: the token in parts, and the checks."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from asgi_jwks.errors import (
    InvalidToken,
    Reason,
    RequestError,
    TemporarilyUnavailable,
    copy_of,
)
from asgi_jwks.jose.jws import (
    claimed_issuer,
    decode_claims,
    decode_signature,
    decode_unverified,
    segments_of,
)
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.jose.read_only import ReadOnlyDict
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuers import Check, Issuer, Presentation
from asgi_jwks.tokens.trace import Trace

__all__ = [
    "ReceivedToken",
    "check_binding",
    "refusal_of_stranger",
    "run_checks",
]


class ReceivedToken:
    """A token in its parts, each decoded when it is needed.

    It holds the signature, so that no local of a frame does: error collectors record locals.
    """

    __slots__ = (
        "_claims",
        "_payload",
        "_signature",
        "_signature_segment",
        "_signing_input",
        "_verdicts",
        "header_segment",
        "trace",
    )

    def __init__(self, token: bytes, trace: Trace) -> None:
        self.trace = trace
        # RFC 7515, section 5.2, step 1.
        self.header_segment, self._payload, self._signature_segment, self._signing_input = (
            segments_of(token)
        )
        self._signature = b""
        self._claims: ReadOnlyDict | None = None
        self._verdicts: dict[str, bool] = {}

    def check_signature_form(self) -> None:
        """Read the signature. Raises InvalidToken if it is malformed."""
        self._signature = decode_signature(self._signature_segment)

    def is_signed_by(self, key: VerificationKey, algorithm: str) -> bool:
        """Whether this key made the signature; no key is tried twice."""
        verdict = self._verdicts.get(key.thumbprint)
        if verdict is None:
            verdict = key.verify(algorithm, self._signing_input, self._signature)
            self._verdicts[key.thumbprint] = verdict
            self.trace.verifications += 1
            self.trace.is_signed |= verdict
        return verdict

    def is_signed_by_one_of(self, keys: Sequence[VerificationKey], algorithm: str) -> bool:
        """Whether one of these keys made the signature."""
        return any(self.is_signed_by(key, algorithm) for key in keys)

    def claims(self) -> ReadOnlyDict:
        """The claims, read strictly. Raises InvalidToken if the payload is malformed."""
        if self._claims is None:
            self._claims = decode_claims(self._payload)
        return self._claims

    def unverified_claims(self, sole_issuer: str | None) -> ReadOnlyDict:
        """The claims of a token that nobody has vouched for.

        Of a large payload it is `iss` alone; where one issuer is trusted, not even that is looked
        for, since no other one would do.

        Raises InvalidToken if the payload is malformed.
        """
        self._claims = decode_unverified(self._payload)
        if self._claims is not None:
            return self._claims
        issuer = claimed_issuer(self._payload) if sole_issuer is None else sole_issuer
        return ReadOnlyDict({} if issuer is None else {"iss": issuer})

    def can_be_screened(self) -> bool:
        """Whether its claims were few enough to be read before anybody has vouched for them."""
        return self._claims is not None

    def __repr__(self) -> str:
        return "ReceivedToken(...)"


def refusal_of_stranger(refusal: InvalidToken) -> InvalidToken:
    """The refusal of a token that nobody has vouched for, where tenants are resolved.

    It does not tell whether the issuer is a tenant (requirement W5): for the client it is that of
    an unknown key; the operator reads the reason in the detail.
    """
    if refusal.reason in {Reason.BAD_SIGNATURE, Reason.UNKNOWN_KEY}:
        return refusal
    return InvalidToken(Reason.UNKNOWN_KEY, f"not sought, since the token is refused: {refusal}")


async def check_binding(
    issuer: Issuer,
    claims: Mapping[str, Any],
    digest: bytes,
    request: Presentation | None,
    now: float,
) -> None:
    """Judge whether a request proves all that its token is bound to.

    Raises:
        RequestError: it does not; also for the scheme DPoP where the issuer has no use for it.
        TemporarilyUnavailable: that cannot be told at the moment.
    """
    if issuer.binding is not None:
        await issuer.binding.check(claims, digest, request, now)
    elif request is not None and request.uses_dpop:
        # A gateway that has judged the proof may pass the scheme on as it came.
        if not issuer.rules.proven_bindings:
            raise InvalidToken(Reason.NOT_BOUND, "its issuer has no dpop=DPoP(...)")
        if "cnf" not in claims:
            raise InvalidToken(Reason.NOT_BOUND, "cnf is missing")


async def run_checks(checks: Sequence[Check], access_token: AccessToken) -> None:
    """Run the caller's own checks, on every request: their answer may have changed.

    Raises:
        InvalidToken: one returned False.
        TypeError: one returned neither True nor False, which is the application's own error.
    """
    for check in checks:
        try:
            passed = check(access_token)
            if inspect.isawaitable(passed):
                passed = await passed
        except (RequestError, TemporarilyUnavailable) as refusal:
            raise copy_of(refusal) from refusal.__cause__
        if passed is False:
            raise InvalidToken(Reason.CHECK_FAILED)
        if passed is not True:
            raise TypeError(f"the check {check!r} must return True or False; got {passed!r}")
