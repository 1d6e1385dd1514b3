"""The verification of a DPoP proof (RFC 9449, section 4.3).

Whether it was used before is not known here. Method, target and token are values, and so is `now`.
The order, each step once:

    (1) exactly one proof, in the form of a compact JWS of at most 4 KiB
    (2) the header: typ, algorithm, a public key that can be used
    (3) the key is the one that the token is bound to
    (4) the signature, unless this very proof came last of its client
    (5) the claims: jti, htm, htu, ath, then the time, by nonce where nonces are required, else iat

Of a proof with several faults, the first names the error; a key other than the token's is a fault
of the token (section 7.1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from asgi_jwks._printable import quoted
from asgi_jwks.binding.dpop_key import ProofSender, ProofSenders, read_proof_header
from asgi_jwks.binding.nonce import DPoPNonces
from asgi_jwks.binding.target_uri import TargetURIError, normal_target_uri
from asgi_jwks.errors import InvalidProof, InvalidToken, NonceRequired, Reason
from asgi_jwks.jose.encoding import EncodingError, b64url_decode, json_object
from asgi_jwks.jose.json_limits import UNVERIFIED_CLAIMS_LIMITS
from asgi_jwks.jose.jws import segments_of

__all__ = ["MAX_PROOF_BYTES", "AcceptedProof", "ProofRules", "sole_proof"]

# A proof with an RSA key of 8192 bits takes some 3.7 KB, one with an EC key 600 bytes.
MAX_PROOF_BYTES: Final = 4096

# RFC 9449, section 11.1: clients' clocks run ahead by seconds.
IAT_LEEWAY: Final = 5.0

# The end of the year 9999, as for tokens.
_LATEST: Final = 253_402_300_799


class AcceptedProof(NamedTuple):
    """A proof that is good if it was not used before.

    `ttl` is for how many seconds it would pass again; `new_nonce` is to be told to the client if
    it is not None.
    """

    jti: str
    ttl: float
    new_nonce: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRules:
    """The rules for proofs. The values are checked where they are configured.

    Args:
        algorithms: the allow-list for `alg`.
        max_age: seconds after its `iat` for which a proof is good.
        nonces: the nonces that proofs must have; None requires none.
    """

    algorithms: frozenset[str]
    max_age: float
    nonces: DPoPNonces | None
    _senders: ProofSenders = field(default_factory=ProofSenders, repr=False, compare=False)

    @property
    def longest_ttl(self) -> float:
        """For how many seconds a proof would pass again at most."""
        return self.max_age + IAT_LEEWAY if self.nonces is None else 2 * self.nonces.period

    def judge(
        self,
        proof: bytes,
        *,
        method: str,
        targets: Sequence[str],
        ath: str,
        jkt: str,
        now: float,
    ) -> AcceptedProof:
        """Judge a proof for one request, but for its first use.

        Args:
            proof: as it was sent.
            method: of the request, with its case.
            targets: the normal target URIs that the request may have been sent to.
            ath: the SHA-256 of the access token, base64url.
            jkt: the thumbprint of the key that the token is bound to.
            now: seconds since the epoch.

        Raises:
            InvalidProof: with the reason of the first rule that is broken.
            InvalidToken: the token is bound to another key.
            NonceRequired: the proof has no nonce, or one that is not accepted any more.
        """
        # (1) The form.
        if len(proof) > MAX_PROOF_BYTES:
            raise _malformed(f"longer than {MAX_PROOF_BYTES} bytes")
        try:
            header_segment, payload, signature_segment, signing_input = segments_of(proof)
        except InvalidToken as fault:
            raise _malformed(str(fault.detail)) from None
        # (2) The header.
        known = self._senders.get(jkt)
        if known is not None and known.header_segment == header_segment:
            sender = known
        else:
            sender = ProofSender(header_segment, read_proof_header(header_segment, self.algorithms))
            # (3) The key.
            if sender.header.key.thumbprint != jkt:
                raise InvalidToken(Reason.WRONG_PROOF_KEY)
        # (4) The signature.
        if proof != sender.last_proof:
            try:
                signature = b64url_decode(signature_segment)
            except EncodingError as error:
                raise _malformed(f"in the signature: {error}") from None
            algorithm, key = sender.header
            if not key.verify(algorithm, signing_input, signature):
                raise InvalidProof(Reason.PROOF_SIGNATURE)
            sender.last_proof = proof
            if sender is not known:
                self._senders.put(jkt, sender)
        # (5) The claims.
        try:
            claims = json_object(b64url_decode(payload), UNVERIFIED_CLAIMS_LIMITS)
        except EncodingError as error:
            raise _malformed(f"in the payload: {error}") from None
        jti = _text(claims, "jti")
        if _text(claims, "htm") != method:
            raise InvalidProof(Reason.PROOF_METHOD)
        _check_target(_text(claims, "htu"), targets)
        if _text(claims, "ath") != ath:
            raise InvalidProof(Reason.PROOF_TOKEN_HASH)
        _check_validity(claims, now)
        issued = _time(claims, "iat")
        if self.nonces is None:
            return AcceptedProof(jti, self._check_age(issued, now), None)
        return _accepted_by_nonce(jti, claims.get("nonce"), self.nonces, now)

    def _check_age(self, issued: float, now: float) -> float:
        if issued > now + IAT_LEEWAY:
            raise InvalidProof(Reason.PROOF_TIME, f"made {issued - now:.0f} s ahead of our clock")
        ttl = issued + self.max_age - now
        if ttl < 0:
            raise InvalidProof(Reason.PROOF_TIME, f"made {now - issued:.0f} s ago")
        return ttl


def sole_proof(proofs: Sequence[bytes]) -> bytes:
    """The one proof among the values of DPoP fields (RFC 9449, section 4.3(1)).

    Raises:
        InvalidProof: missing_proof or repeated_proof.
    """
    if not proofs:
        raise InvalidProof(Reason.MISSING_PROOF)
    # RFC 9110, section 5.3: whoever passes a request on may join fields of one name by a comma.
    if len(proofs) > 1 or b"," in proofs[0]:
        raise InvalidProof(Reason.REPEATED_PROOF)
    return proofs[0].strip(b" \t")


def _accepted_by_nonce(jti: str, nonce: object, nonces: DPoPNonces, now: float) -> AcceptedProof:
    current = nonces.current(now)
    expiry = nonces.expiry(nonce, now)
    if expiry is None:
        raise NonceRequired(current)
    return AcceptedProof(jti, expiry - now, None if nonce == current else current)


def _check_validity(claims: Mapping[str, Any], now: float) -> None:
    # RFC 9449 has no use for them; RFC 7519, sections 4.1.4 and 4.1.5 hold where they are present.
    if "exp" in claims and now >= _time(claims, "exp") + IAT_LEEWAY:
        raise InvalidProof(Reason.PROOF_TIME, "expired")
    if "nbf" in claims and now < _time(claims, "nbf") - IAT_LEEWAY:
        raise InvalidProof(Reason.PROOF_TIME, "not valid yet")


def _check_target(htu: str, targets: Sequence[str]) -> None:
    # Hot path (benchmark case `dpop`): targets are in their normal form, which is unchanged by
    # another normalisation.
    if htu in targets:
        return
    try:
        if normal_target_uri(htu) in targets:
            return
    except TargetURIError as error:
        raise InvalidProof(Reason.PROOF_CLAIM, f"htu: {error}") from None
    raise InvalidProof(Reason.PROOF_URL, partial(_two_urls, htu, targets))


def _two_urls(htu: str, targets: Sequence[str]) -> str:
    here = " or ".join(targets) or "at a path that has no normal form"
    return f"htu is {quoted(htu)} (unverified), the request is {here}"


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if isinstance(value, str) and value:
        return value
    raise InvalidProof(Reason.PROOF_CLAIM, f"{name} is not a string, or empty")


def _time(claims: Mapping[str, Any], name: str) -> float:
    """A NumericDate (RFC 7519, section 2)."""
    value = claims.get(name)
    # type() and not isinstance: to isinstance, true is the integer 1.
    if (type(value) is int or type(value) is float) and abs(value) <= _LATEST:
        return value
    raise InvalidProof(Reason.PROOF_CLAIM, f"{name} is not a time")


def _malformed(detail: str) -> InvalidProof:
    return InvalidProof(Reason.MALFORMED_PROOF, detail)
