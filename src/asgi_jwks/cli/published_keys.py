"""Published keys as rows, each with its members and why it is unusable.

The verdict on a key is that of `jose.jwk` and `jose.usable_keys`; only the words are made here. It
does not know where a document comes from.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from asgi_jwks._printable import printable
from asgi_jwks.cli.moments import date, distance
from asgi_jwks.errors import InvalidKeySet
from asgi_jwks.jose.encoding import EncodingError, b64url_decode
from asgi_jwks.jose.jwk import read_public_key
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.jose.skip_reason import UnusableKeyError

__all__ = ["PublishedKey", "PublishedSet", "published_set"]

# As long as thumbprints in base64 and key ids of clouds are; the rest is cut off with dots.
_LONGEST_KID: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey:
    """One key of a JWK Set.

    Attributes:
        kid: the key id, escaped; None if it has none.
        kty: the kind of key.
        alg: the algorithm that it names, if it names one.
        use: sig or enc, if it says so.
        size: the bits of an RSA modulus, or the name of the curve.
        thumbprint: the RFC 7638 thumbprint of a usable key.
        certificate_ends: the end of the first certificate in x5c, which is never trusted; in UTC.
        certificate_distance: how far that is from now.
        usable: whether signatures can be verified with it.
        reason: the rule by which it is unusable.
    """

    kid: str | None
    kty: str | None
    alg: str | None
    use: str | None
    size: str | None
    thumbprint: str | None
    certificate_ends: str | None
    certificate_distance: str | None
    usable: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """The keys of a document, and why it is not a usable set.

    Attributes:
        keys: the keys in the document's order.
        error: a sentence; None for a usable set.
    """

    keys: tuple[PublishedKey, ...]
    error: str | None


def published_set(document: bytes, *, now: float) -> PublishedSet:
    """Read a JWK Set for people: also one that nobody can use.

    Args:
        document: the bytes of the document.
        now: the present, in seconds since the epoch.
    """
    usable: dict[int, VerificationKey] = {}
    skipped: dict[int, str] = {}
    error = None
    entries = _entries(document)
    try:
        keys = JWKSet.parse(document)
    except InvalidKeySet as invalid:
        error = f"{invalid}"
        skipped = {index: _reason(entry) for index, entry in enumerate(entries)}
    else:
        for skip in keys.skipped:
            places = range(skip.index, skip.index + skip.count)
            skipped.update(dict.fromkeys(places, skip.reason.value))
        places_left = (index for index in range(len(entries)) if index not in skipped)
        usable = dict(zip(places_left, keys.keys, strict=True))
    return PublishedSet(
        tuple(
            _row(entry, usable.get(index), skipped.get(index), now)
            for index, entry in enumerate(entries)
        ),
        error,
    )


def _entries(document: bytes) -> list[Any]:
    """The entries of `keys` by Python's reader: for words, never for a verdict."""
    try:
        read = json.loads(document)
    except (ValueError, RecursionError):
        return []
    entries = read.get("keys") if isinstance(read, dict) else None
    return entries if isinstance(entries, list) else []


def _reason(entry: object) -> str:
    try:
        read_public_key(entry)
    except UnusableKeyError as unusable:
        return unusable.reason.value
    # A member is there twice, say: the strict reader of the whole document found it.
    return "unreadable_document"


def _row(
    entry: object, usable: VerificationKey | None, reason: str | None, now: float
) -> PublishedKey:
    jwk: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
    ends = _certificate_end(jwk)
    return PublishedKey(
        kid=_text(jwk, "kid"),
        kty=_text(jwk, "kty"),
        alg=_text(jwk, "alg"),
        use=_text(jwk, "use"),
        size=_size(jwk),
        thumbprint=None if usable is None else usable.thumbprint,
        certificate_ends=None if ends is None else date(ends),
        certificate_distance=None if ends is None else distance(ends - now),
        usable=usable is not None,
        reason=reason,
    )


def _text(jwk: Mapping[str, Any], member: str) -> str | None:
    value = jwk.get(member)
    return None if value is None else printable(str(value), longest=_LONGEST_KID)


def _size(jwk: Mapping[str, Any]) -> str | None:
    """The bits of an RSA modulus, or the name of a curve."""
    modulus = jwk.get("n")
    if not isinstance(modulus, str):
        return _text(jwk, "crv")
    try:
        octets = b64url_decode(modulus.encode("ascii", "replace")).lstrip(b"\0")
    except EncodingError:
        return None
    return f"{8 * len(octets) - 8 + octets[0].bit_length()} bits" if octets else None


def _certificate_end(jwk: Mapping[str, Any]) -> float | None:
    """The end of the first certificate, in seconds since the epoch."""
    from cryptography.x509 import load_der_x509_certificate

    chain = jwk.get("x5c")
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        return None
    try:
        certificate = load_der_x509_certificate(base64.b64decode(chain[0]))
        return certificate.not_valid_after_utc.timestamp()
    except ValueError:
        return None
