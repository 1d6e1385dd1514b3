"""The usable keys of a JWK Set document (RFC 7517, section 5); others are skipped.

Each that is skipped has its reason. It does not know where the document comes from, nor its age.
"""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asgi_jwks.errors import InvalidKeySet
from asgi_jwks.jose.encoding import (
    DuplicateNameError,
    EncodingError,
    LimitError,
    UnusableValueError,
)
from asgi_jwks.jose.jwk import read_public_key
from asgi_jwks.jose.jwk_set_document import SplitDocument
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.jose.key_tenant import require_own_tenant
from asgi_jwks.jose.skip_reason import SkipReason, UnusableKeyError

__all__ = ["MAX_DOCUMENT_BYTES", "MAX_KEYS", "SkippedKey", "usable_keys"]

# Work limits. Entra's common set, the largest of the big providers', has 17 KB and ten keys,
# with a certificate each; sets above 50 KiB exist.
MAX_DOCUMENT_BYTES: Final = 512 * 1024
MAX_KEYS: Final = 512

# Few enough for an event loop to wait for, many enough for the steps to cost nothing themselves.
_KEYS_PER_STEP: Final = 8


@dataclass(frozen=True, slots=True)
class SkippedKey:
    """A key that is not used, and the reason (RFC 7517, section 5).

    `kid` is as the document has it, or None where it is not a string or was not read: use
    `printable` to log it. With SkipReason.TOO_MANY_KEYS one SkippedKey stands for `count` keys, the
    one at `index` and all behind it.
    """

    index: int
    kid: str | None
    reason: SkipReason
    count: int = 1


def usable_keys(
    document: bytes | str | Mapping[str, Any], *, issuer: str | None
) -> Generator[None, None, tuple[tuple[VerificationKey, ...], tuple[SkippedKey, ...]]]:
    """Read a document; a generator that returns both, and yields between steps of milliseconds.

    Raises InvalidKeySet, and takes the arguments, as `JWKSet.parse` says.
    """
    read: Callable[[object], object] | None = None
    if not isinstance(document, Mapping):
        try:
            split = yield from SplitDocument.steps(_octets(document))
        except EncodingError as error:
            raise _not_strict_json(error) from None
        document, read = split.outer, split.read
    entries = _entries(document)
    keys: list[VerificationKey] = []
    skipped: list[SkippedKey] = []
    for index, entry in enumerate(entries):
        if len(keys) == MAX_KEYS:
            rest = len(entries) - index
            skipped.append(SkippedKey(index, None, SkipReason.TOO_MANY_KEYS, rest))
            break
        if index % _KEYS_PER_STEP == 0:
            yield
        jwk: object = None
        try:
            jwk = _read_entry(entry, read)
            require_own_tenant(jwk, issuer)
            keys.append(read_public_key(jwk))
        except UnusableKeyError as unusable:
            skipped.append(SkippedKey(index, _kid_of(jwk), unusable.reason))
    if not keys:
        raise InvalidKeySet(
            f"The JWK Set has no key that can verify signatures: {_why_none_is_usable(skipped)}"
        )
    yield
    return tuple(keys), tuple(skipped)


def _why_none_is_usable(skipped: Sequence[SkippedKey]) -> str:
    if not skipped:
        return "its 'keys' array is empty"
    counts = Counter(key.reason.value for key in skipped)
    return "skipped " + ", ".join(f"{count} x {reason}" for reason, count in sorted(counts.items()))


def _octets(document: bytes | str) -> bytes:
    try:
        octets = document.encode("utf-8") if isinstance(document, str) else document
        if len(octets) > MAX_DOCUMENT_BYTES:
            raise InvalidKeySet(f"The JWK Set is larger than {MAX_DOCUMENT_BYTES} bytes")
        octets.decode("utf-8")
    except UnicodeError:
        raise InvalidKeySet("The JWK Set is not strict JSON: not UTF-8") from None
    return octets


def _read_entry(entry: object, read: Callable[[object], object] | None) -> object:
    if read is None:
        return entry
    try:
        return read(entry)
    except DuplicateNameError:
        raise UnusableKeyError(SkipReason.DUPLICATE_MEMBER) from None
    except LimitError:
        raise UnusableKeyError(SkipReason.TOO_COMPLEX) from None
    except UnusableValueError:
        raise UnusableKeyError(SkipReason.MALFORMED_MEMBER) from None
    except EncodingError as error:
        raise _not_strict_json(error) from None


def _not_strict_json(error: EncodingError) -> InvalidKeySet:
    return InvalidKeySet(f"The JWK Set is not strict JSON: {error}")


def _entries(document: Mapping[str, Any]) -> Sequence[object]:
    entries = document.get("keys")
    if isinstance(entries, list | tuple):
        return entries
    if document and all(_is_certificate(value) for value in document.values()):
        raise InvalidKeySet(
            "The document is a map of key ids to X.509 certificates, not a JWK Set;"
            " set jwks_uri to the address where this issuer publishes the same keys as a JWK Set"
        )
    if "jwks_uri" in document:
        raise InvalidKeySet(
            "The document is the issuer's metadata, which names the address of the keys as jwks_uri"
        )
    raise InvalidKeySet("The document is not a JWK Set: it has no 'keys' array")


def _is_certificate(value: object) -> bool:
    return isinstance(value, str) and value.lstrip().startswith("-----BEGIN CERTIFICATE-----")


def _kid_of(entry: object) -> str | None:
    kid = entry.get("kid") if isinstance(entry, Mapping) else None
    return kid if isinstance(kid, str) else None
