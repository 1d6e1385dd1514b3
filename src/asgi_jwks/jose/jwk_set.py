"""A set of verification keys, and the one key of it that a token means.

Which key belongs to a (kid, algorithm) is decided here. It does not know where the keys come from,
nor their age.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from asgi_jwks._printable import printable
from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.jose.usable_keys import SkippedKey, usable_keys

__all__ = ["JWKSet"]

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
        keys, skipped = yield from usable_keys(document, issuer=issuer)
        return cls(keys, skipped)

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
