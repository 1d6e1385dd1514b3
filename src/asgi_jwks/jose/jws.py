"""The compact serialization of a JWS, read once and strictly (RFC 7515, section 7.1).

What lives only here: how the bytes of a token come apart into header, claims, signing input and
signature (RFC 7519, section 7.2, without any rule about what the header and the claims say).
What it does not know: keys, algorithms, which header parameters and claims are acceptable.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.encoding import EncodingError, b64url_decode, json_object
from asgi_jwks.jose.frozen import ReadOnlyDict

__all__ = ["MAX_TOKEN_BYTES", "CompactJWS", "SignedToken", "parse_compact", "split_compact"]

# Twice the 8 KiB that most servers allow for one header field; tokens with hundreds of group ids
# reach some 10 KB. It bounds all further work on the token.
MAX_TOKEN_BYTES: Final = 16384

_NO_HEADERS: Final[Mapping[bytes, ReadOnlyDict]] = MappingProxyType({})


class CompactJWS(NamedTuple):
    """The parts of a compact JWS; the header still encoded, the payload any octets."""

    header_segment: bytes
    payload: bytes
    signing_input: bytes
    signature: bytes

    def __repr__(self) -> str:
        # A token is a credential: a repr in a traceback or a log must not give it away.
        return "CompactJWS(...)"


class SignedToken(NamedTuple):
    """A JWT that is well formed. Nothing in it has been verified."""

    header: ReadOnlyDict
    claims: ReadOnlyDict
    signing_input: bytes
    signature: bytes
    header_segment: bytes

    def __repr__(self) -> str:
        return "SignedToken(...)"


def split_compact(token: bytes) -> CompactJWS:
    """Take a compact JWS apart (RFC 7515, section 5.2, steps 1 to 3, 6 and 7).

    Raises InvalidToken(Reason.MALFORMED) for anything but three parts with a signature, the last
    two being canonical base64url. The header part is checked when the header is read.
    """
    signing_input, _, signature_segment = token.rpartition(b".")
    header_segment, second_dot, payload_segment = signing_input.partition(b".")
    try:
        signature = b64url_decode(signature_segment)
        payload = b64url_decode(payload_segment)
    except EncodingError as error:
        raise _malformed(_other_form(token) or f"the payload or signature is {error}") from None
    if not (second_dot and signature and header_segment):
        raise _malformed(_other_form(token) or "the header or signature is empty")
    return CompactJWS(header_segment, payload, signing_input, signature)


def parse_compact(
    token: bytes,
    known_headers: Mapping[bytes, ReadOnlyDict] = _NO_HEADERS,
    *,
    max_bytes: int = MAX_TOKEN_BYTES,
) -> SignedToken:
    """Read a token of at most `max_bytes` bytes: a compact JWS whose payload is a JSON object.

    `known_headers` maps encoded header parts to headers read from them before; an issuer writes
    the same header into all its tokens.

    Raises InvalidToken(Reason.MALFORMED) for everything else, an encrypted token (JWE) and the
    JSON serializations among it.
    """
    if len(token) > max_bytes:
        raise _malformed(f"longer than {max_bytes} bytes")
    header_segment, payload, signing_input, signature = split_compact(token)
    header = known_headers.get(header_segment)
    if header is None:
        try:
            header = json_object(b64url_decode(header_segment))
        except EncodingError as error:
            raise _malformed(f"in the header: {error}") from None
    try:
        claims = json_object(payload)
    except EncodingError as error:
        raise _malformed(f"in the payload: {error}") from None
    return SignedToken(header, claims, signing_input, signature, header_segment)


def _malformed(detail: str) -> InvalidToken:
    return InvalidToken(Reason.MALFORMED, detail)


def _other_form(token: bytes) -> str | None:
    """What a token that is no compact JWS seems to be, for the operator's log."""
    if token.lstrip()[:1] in (b"{", b"["):
        return "the JSON serialization of JOSE is not accepted, only the compact one"
    dots = token.count(b".")
    if dots == 4:
        return "five parts: an encrypted token (JWE), which is not accepted"
    if dots != 2:
        return f"not three parts but {dots + 1}"
    return None
