"""The closed list of reasons for a refusal, and the phrase of each for clients.

It imports nothing of this package.
"""

from enum import StrEnum
from typing import Final

__all__ = ["Reason"]


class Reason(StrEnum):
    """Why a request was refused: one value per rule, for exceptions, logs, events and metrics."""

    # Enum's own is written in Python, and each refusal looks its answer up by reason.
    __hash__ = str.__hash__

    # MissingToken
    MISSING_TOKEN = "missing_token"

    # InvalidRequest
    REPEATED_CREDENTIALS = "repeated_credentials"
    INVALID_CREDENTIALS = "invalid_credentials"
    TOKEN_TOO_LARGE = "token_too_large"
    UNTRUSTED_CERTIFICATE_FIELD = "untrusted_certificate_field"
    MALFORMED_CERTIFICATE = "malformed_certificate"

    # InvalidToken: the form of the token and its JOSE header
    MALFORMED = "malformed"
    ALGORITHM_NOT_ALLOWED = "algorithm_not_allowed"
    UNSUPPORTED_HEADER = "unsupported_header"
    WRONG_TYPE = "wrong_type"

    # InvalidToken: the issuer, its keys and the signature
    UNKNOWN_ISSUER = "unknown_issuer"
    UNKNOWN_KEY = "unknown_key"
    AMBIGUOUS_KEY = "ambiguous_key"
    KEY_TOO_SMALL = "key_too_small"
    BAD_SIGNATURE = "bad_signature"

    # InvalidToken: the claims
    MISSING_CLAIM = "missing_claim"
    INVALID_CLAIM = "invalid_claim"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    ISSUED_IN_FUTURE = "issued_in_future"
    WRONG_AUDIENCE = "wrong_audience"
    NOT_AN_ACCESS_TOKEN = "not_an_access_token"
    SENDER_CONSTRAINED = "sender_constrained"
    NOT_BOUND = "not_bound"
    WRONG_PROOF_KEY = "wrong_proof_key"
    WRONG_CERTIFICATE = "wrong_certificate"
    CHECK_FAILED = "check_failed"

    # InsufficientUserAuthentication
    INSUFFICIENT_USER_AUTHENTICATION = "insufficient_user_authentication"

    # InvalidProof and NonceRequired (RFC 9449, section 4.3)
    MISSING_PROOF = "missing_proof"
    REPEATED_PROOF = "repeated_proof"
    MALFORMED_PROOF = "malformed_proof"
    PROOF_HEADER = "proof_header"
    PROOF_ALGORITHM = "proof_algorithm"
    UNUSABLE_PROOF_KEY = "unusable_proof_key"
    PROOF_SIGNATURE = "proof_signature"
    PROOF_CLAIM = "proof_claim"
    PROOF_METHOD = "proof_method"
    PROOF_URL = "proof_url"
    PROOF_TOKEN_HASH = "proof_token_hash"
    PROOF_TIME = "proof_time"
    PROOF_NONCE = "proof_nonce"
    REPLAYED_PROOF = "replayed_proof"

    # TooManyProofs
    TOO_MANY_PROOFS = "too_many_proofs"

    # InsufficientScope
    INSUFFICIENT_SCOPE = "insufficient_scope"

    @property
    def phrase(self) -> str:
        """The fixed sentence for clients.

        No byte of a token or of an exception is ever in it.
        """
        return _PHRASES[self]


_NOT_SIGNED: Final = "The access token is not signed by a key of an issuer trusted here"

_PHRASES: Final[dict[Reason, str]] = {
    Reason.MISSING_TOKEN: "A Bearer access token is required",
    Reason.REPEATED_CREDENTIALS: "The request has more than one set of credentials; send one",
    Reason.INVALID_CREDENTIALS: "The credentials are not of the form 'Bearer' and one token",
    Reason.TOKEN_TOO_LARGE: "The access token is too large",
    Reason.UNTRUSTED_CERTIFICATE_FIELD: "The request has a client certificate field of its own",
    Reason.MALFORMED_CERTIFICATE: "The client certificate of the request cannot be read",
    Reason.MALFORMED: "The access token is not a well-formed signed JWT",
    Reason.ALGORITHM_NOT_ALLOWED: "The access token is signed with an algorithm not accepted here",
    Reason.UNSUPPORTED_HEADER: "The access token has a header parameter not supported here",
    Reason.WRONG_TYPE: "The access token is of a type not accepted here",
    # One phrase: a stranger is not told who is trusted, and it is true while no key can be sought.
    Reason.UNKNOWN_ISSUER: _NOT_SIGNED,
    Reason.UNKNOWN_KEY: _NOT_SIGNED,
    Reason.AMBIGUOUS_KEY: "The access token does not say clearly which key signed it",
    Reason.KEY_TOO_SMALL: _NOT_SIGNED,
    Reason.BAD_SIGNATURE: _NOT_SIGNED,
    Reason.MISSING_CLAIM: "The access token lacks a required claim",
    Reason.INVALID_CLAIM: "The access token has a claim of the wrong form",
    Reason.EXPIRED: "The access token has expired",
    Reason.NOT_YET_VALID: "The access token is not valid yet",
    Reason.ISSUED_IN_FUTURE: "The access token was issued in the future",
    Reason.WRONG_AUDIENCE: "The access token is not for this resource server",
    Reason.NOT_AN_ACCESS_TOKEN: "The token is not an access token",
    Reason.SENDER_CONSTRAINED: "The access token is bound to a key and is not a plain Bearer token",
    Reason.NOT_BOUND: "The access token is not bound to a key, as it has to be here",
    Reason.WRONG_PROOF_KEY: "The access token is bound to another key than that of the proof",
    Reason.WRONG_CERTIFICATE: "The access token is not bound to the certificate of the client",
    Reason.CHECK_FAILED: "The access token does not meet the conditions of this resource server",
    Reason.INSUFFICIENT_USER_AUTHENTICATION: (
        "This request needs a login of another kind, or a more recent one"
    ),
    Reason.MISSING_PROOF: "A DPoP proof is required",
    Reason.REPEATED_PROOF: "The request has more than one DPoP proof; send one",
    Reason.MALFORMED_PROOF: "The DPoP proof is not a well-formed signed JWT",
    Reason.PROOF_HEADER: "The DPoP proof is of another type, or has a header not supported here",
    Reason.PROOF_ALGORITHM: "The DPoP proof is signed with an algorithm not accepted here",
    Reason.UNUSABLE_PROOF_KEY: "The key in the DPoP proof cannot be used",
    Reason.PROOF_SIGNATURE: "The DPoP proof is not signed by the key in it",
    Reason.PROOF_CLAIM: "The DPoP proof lacks a claim, or has one of the wrong form",
    Reason.PROOF_METHOD: "The DPoP proof is for another method",
    Reason.PROOF_URL: "The DPoP proof is for another URL",
    Reason.PROOF_TOKEN_HASH: "The DPoP proof is for another access token",
    Reason.PROOF_TIME: "The DPoP proof is too old, or was made in the future",
    Reason.PROOF_NONCE: "The DPoP proof must have the nonce of this answer",
    Reason.REPLAYED_PROOF: "The DPoP proof was used before",
    Reason.TOO_MANY_PROOFS: "This client has sent too many DPoP proofs; send fewer",
    Reason.INSUFFICIENT_SCOPE: "The access token does not grant what this request needs",
}
