"""The compact serialization of a JWS, read once and strictly (RFC 7515, section 7.1).

The bytes of a token come apart here into header, claims, signing input and signature (RFC 7519,
section 7.2). Keys, algorithms and the rules for header and claims are not known here.
"""

from typing import Final, NamedTuple

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.encoding import EncodingError, LimitError, b64url_decode, json_object
from asgi_jwks.jose.json_limits import (
    CLAIMS_LIMITS,
    HEADER_LIMITS,
    UNVERIFIED_CLAIMS_LIMITS,
    JSONLimits,
)
from asgi_jwks.jose.member_scan import member_of
from asgi_jwks.jose.read_only import ReadOnlyDict

__all__ = [
    "MAX_HEADER_BYTES",
    "MAX_SEARCHED_CLAIMS_BYTES",
    "MAX_TOKEN_BYTES",
    "MAX_UNVERIFIED_CLAIMS_BYTES",
    "SignedToken",
    "claimed_issuer",
    "decode_claims",
    "decode_header",
    "decode_signature",
    "decode_unverified",
    "parse_compact",
    "segments_of",
]

# Twice the 8 KiB that most servers allow for one header field; tokens with hundreds of group ids
# reach some 10 KB. It bounds all further work on the token.
MAX_TOKEN_BYTES: Final = 16384

# A payload, as it is sent, that is read before any signature is judged (UNVERIFIED_CLAIMS_LIMITS):
# access tokens of ordinary size have 300 to 2,000 bytes.
MAX_UNVERIFIED_CLAIMS_BYTES: Final = 4096

# Of a payload longer than any token by default, which max_token_bytes admits, the part in which its
# `iss` is looked for. Decoding is most of the work (benchmark `worst_requests --issuers 3`).
MAX_SEARCHED_CLAIMS_BYTES: Final = 14_336
# Half of a token. A header with a chain of three certificates (`x5c`) has some 6 KB, one without
# 100 bytes. Counted as it is sent, so that a longer one is not even decoded.
MAX_HEADER_BYTES: Final = 8192

_DOT: Final = ord(".")


class SignedToken(NamedTuple):
    """A JWT that is well formed. Nothing in it has been verified."""

    header: ReadOnlyDict
    claims: ReadOnlyDict
    signing_input: bytes
    signature: bytes

    def __repr__(self) -> str:
        # A token is a credential: a repr in a traceback or a log must not give it away.
        return "SignedToken(...)"


def segments_of(token: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """A compact JWS, still encoded: its header, payload and signature, and the signing input.

    That is RFC 7515, section 5.2, step 1; each part is checked when it is decoded.

    Raises InvalidToken(Reason.MALFORMED) if there are not three parts.
    """
    signing_input, _, signature = token.rpartition(b".")
    header, dot, payload = signing_input.partition(b".")
    # Hot path (benchmark case `new token`): a number is looked for faster than bytes are.
    if not dot or _DOT in payload:
        raise _malformed(_other_form(token))
    return header, payload, signature, signing_input


def parse_compact(token: bytes) -> SignedToken:
    """Read a token whole: a compact JWS whose header and payload are JSON objects.

    Raises InvalidToken(Reason.MALFORMED) for everything else, an encrypted token (JWE) and the
    JSON serializations among it. The size is for the caller to bound.
    """
    header_segment, payload_segment, signature_segment, signing_input = segments_of(token)
    header, claims = decode_header(header_segment), decode_claims(payload_segment)
    return SignedToken(header, claims, signing_input, decode_signature(signature_segment))


def decode_header(segment: bytes) -> ReadOnlyDict:
    """The JOSE header: an object within HEADER_LIMITS, sent in up to MAX_HEADER_BYTES.

    Raises InvalidToken(Reason.MALFORMED) for anything else.
    """
    if len(segment) > MAX_HEADER_BYTES:
        raise _malformed(f"the header is larger than {MAX_HEADER_BYTES} bytes")
    try:
        return json_object(b64url_decode(segment), HEADER_LIMITS)
    except EncodingError as error:
        raise _malformed(f"in the header: {error}") from None


def decode_claims(segment: bytes, limits: JSONLimits = CLAIMS_LIMITS) -> ReadOnlyDict:
    """The claims set: a JSON object within `limits`.

    The size is for the caller to bound.

    Raises InvalidToken(Reason.MALFORMED) for anything else.
    """
    try:
        return json_object(b64url_decode(segment), limits)
    except EncodingError as error:
        raise _malformed(f"in the payload: {error}") from None


def decode_unverified(segment: bytes) -> ReadOnlyDict | None:
    """The claims that nobody has vouched for, as far as they are worth their reading.

    None for a payload above MAX_UNVERIFIED_CLAIMS_BYTES or UNVERIFIED_CLAIMS_LIMITS.

    Raises InvalidToken(Reason.MALFORMED) for a smaller one that is malformed.
    """
    if len(segment) > MAX_UNVERIFIED_CLAIMS_BYTES:
        return None
    try:
        return json_object(b64url_decode(segment), UNVERIFIED_CLAIMS_LIMITS)
    except LimitError:
        return None
    except EncodingError as error:
        raise _malformed(f"in the payload: {error}") from None


def claimed_issuer(segment: bytes) -> str | None:
    """The `iss` of a large payload that nobody has vouched for.

    None if it has none. A payload above MAX_TOKEN_BYTES is looked through in its first
    MAX_SEARCHED_CLAIMS_BYTES alone.

    Raises InvalidToken(Reason.MALFORMED) if `iss` is not there, or if the payload is not an object,
    or `iss` not a text.
    """
    is_whole = len(segment) <= MAX_TOKEN_BYTES
    searched = segment if is_whole else segment[:MAX_SEARCHED_CLAIMS_BYTES]
    try:
        issuer = member_of(b64url_decode(searched), "iss")
    except EncodingError as error:
        raise _malformed(f"in the payload, where its iss is looked for: {error}") from None
    if issuer is None and not is_whole:
        raise _malformed(
            f"iss is not in the first {MAX_SEARCHED_CLAIMS_BYTES} bytes of a payload of "
            f"{len(segment)}: have the issuer write it first, or write less"
        )
    return issuer


def decode_signature(segment: bytes) -> bytes:
    """The signature. Raises InvalidToken(Reason.MALFORMED) if it is empty or not base64url."""
    try:
        signature = b64url_decode(segment)
    except EncodingError as error:
        raise _malformed(f"in the signature: {error}") from None
    if not signature:
        raise _malformed("the signature is empty")
    return signature


def _malformed(detail: str) -> InvalidToken:
    return InvalidToken(Reason.MALFORMED, detail)


def _other_form(token: bytes) -> str:
    """The form of a token that has not three parts, for the operator's log."""
    if token.lstrip()[:1] in (b"{", b"["):
        return "the JSON serialization of JOSE is not accepted, only the compact one"
    dots = token.count(b".")
    if dots == 4:
        return "five parts: an encrypted token (JWE), which is not accepted"
    return f"not three parts but {dots + 1}"
