"""A JWK Set document as a set of usable verification keys (RFC 7517, section 5).

Which of a document's keys are used, why each other is not, and which one key belongs to a
(kid, algorithm) is decided here. It does not know where the document comes from, nor its age.
"""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from asgi_jwks._printable import printable
from asgi_jwks.errors import InvalidKeySet, InvalidToken, Reason
from asgi_jwks.jose.encoding import (
    DuplicateNameError,
    EncodingError,
    LimitError,
    UnusableValueError,
)
from asgi_jwks.jose.jwk import MAX_KID_LENGTH, read_public_key
from asgi_jwks.jose.jwk_set_document import SplitDocument
from asgi_jwks.jose.key import VerificationKey, symmetric_key
from asgi_jwks.jose.key_tenant import require_own_tenant
from asgi_jwks.jose.skip_reason import SkipReason, UnusableKeyError

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "MAX_KEYS",
    "MAX_KID_LENGTH",
    "JWKSet",
    "SkipReason",
    "SkippedKey",
    "VerificationKey",
    "symmetric_key",
]

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


# (kid, algorithm) -> thumbprint -> key; kid None stands for a token that has none.
_Candidates = dict[tuple[str | None, str], dict[str, VerificationKey]]


@dataclass(frozen=True, slots=True, repr=False)
class JWKSet:
    """An immutable set of verification keys.

    `keys` are the usable ones in the document's order, `skipped` the others. `JWKSet((key,))` makes
    a set of keys that are already prepared, such as one shared secret.
    """

    keys: tuple[VerificationKey, ...]
    skipped: tuple[SkippedKey, ...] = ()
    _candidates: _Candidates = field(init=False, compare=False)
    _one_candidate: dict[tuple[str | None, str], VerificationKey] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        candidates = _indexed(self.keys)
        one = {
            wanted: next(iter(keys.values()))
            for wanted, keys in candidates.items()
            if len(keys) == 1
        }
        object.__setattr__(self, "_candidates", candidates)
        object.__setattr__(self, "_one_candidate", one)

    @classmethod
    def parse(
        cls, document: bytes | str | Mapping[str, Any], *, issuer: str | None = None
    ) -> "JWKSet":
        """Read a JWK Set from the bytes or text of a document, or parsed.

        A key that cannot be used is skipped and the reason kept, and so are all keys behind the
        first 512 that can. Raises InvalidKeySet when the document is larger than 512 KiB, is not
        one JSON object with a `keys` array, or has no usable key at all.

        With the `issuer` whose keys they are, one that the document gives to another tenant is
        skipped, too.
        """
        steps = cls.parse_steps(document, issuer=issuer)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                keys: JWKSet = end.value
                return keys

    @classmethod
    def parse_steps(
        cls, document: bytes | str | Mapping[str, Any], *, issuer: str | None = None
    ) -> Generator[None, None, "JWKSet"]:
        """As `parse`, in steps of milliseconds: for whoever runs an event loop.

        A generator that returns the set and yields between steps:

            steps = JWKSet.parse_steps(document)
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    return end.value
                await anyio.lowlevel.checkpoint()
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
            counts = Counter(key.reason.value for key in skipped)
            reasons = ", ".join(f"{count} x {reason}" for reason, count in sorted(counts.items()))
            raise InvalidKeySet(
                "The JWK Set has no key that can verify signatures: "
                + (f"skipped {reasons}" if reasons else "its 'keys' array is empty")
            )
        yield
        return cls(tuple(keys), tuple(skipped))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The kids of the usable keys, each once, in the document's order."""
        return tuple(dict.fromkeys(key.kid for key in self.keys if key.kid is not None))

    def find(self, kid: str | None, algorithm: str) -> VerificationKey | None:
        """The key for a token's kid and alg, if there is exactly one.

        A token without kid is served where only one key fits its algorithm. The same key listed
        twice counts once.
        """
        return self._one_candidate.get((kid, algorithm))

    def select(self, kid: str | None, algorithm: str) -> VerificationKey:
        """The one key for a token's kid and alg, as `find`.

        Raises InvalidToken with Reason.UNKNOWN_KEY or Reason.AMBIGUOUS_KEY.
        """
        key = self._one_candidate.get((kid, algorithm))
        if key is not None:
            return key
        ambiguous = (kid, algorithm) in self._candidates
        reason = Reason.AMBIGUOUS_KEY if ambiguous else Reason.UNKNOWN_KEY
        raise InvalidToken(reason, partial(self._why_none, kid, algorithm))

    def _why_none(self, kid: str | None, algorithm: str) -> str:
        wanted = (
            f"{'no kid' if kid is None else f'kid {printable(kid)}'} and {printable(algorithm)}"
        )
        if candidates := len(self._candidates.get((kid, algorithm), ())):
            return f"{candidates} keys fit {wanted}"
        return f"none of {len(self.keys)} usable keys fits {wanted}"

    def same_keys(self, other: "JWKSet") -> bool:
        """Whether both sets have the same keys, kids and algorithms, in any order."""
        return set(self.keys) == set(other.keys)

    def __repr__(self) -> str:
        return f"JWKSet({len(self.keys)} keys, {len(self.skipped)} skipped)"


def _indexed(keys: Sequence[VerificationKey]) -> _Candidates:
    candidates: _Candidates = {}
    for key in keys:
        for algorithm in key.algorithms:
            for kid in {key.kid, None}:
                candidates.setdefault((kid, algorithm), {}).setdefault(key.thumbprint, key)
    return candidates


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
