"""The keys at hand of several issuers, by key id and algorithm.

It tells which keys the header of a token can mean before the payload names the issuer (requirement
W3), at a cost that does not grow with the number of issuers. A key that it names decides nothing:
the issuer that `iss` names must hold that very key in its set at hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey

if TYPE_CHECKING:
    from asgi_jwks.tokens.issuer import Issuer

__all__ = ["KeyIndex"]

# Requirement W3: a forged token costs as many verifications. Where more keys have the same key id,
# the payload has to name the issuer first.
MAX_CANDIDATES: Final = 4

# A key id, or None for tokens without one, and an algorithm.
_Name = tuple[str | None, str]


@dataclass(slots=True)
class _SharedKey:
    """A key, and how many issuers have it: the tenants of one provider share keys."""

    key: VerificationKey
    issuers: int = 0


class KeyIndex:
    """The keys of the sets that were seen at hand.

    It may be used by several threads.

    Args:
        size: the sets of this many issuers are kept; the oldest gives way.
    """

    def __init__(self, size: int) -> None:
        self._size: Final = size
        self._lock: Final = ForkSafeLock()
        # By issuer: its set as it was last seen, and its allowed algorithms.
        self._seen: Final[dict[str, tuple[JWKSet, frozenset[str]]]] = {}
        # By name and thumbprint; the second is what is read, without the lock.
        self._shared: Final[dict[_Name, dict[str, _SharedKey]]] = {}
        self._candidates: Final[dict[_Name, tuple[VerificationKey, ...]]] = {}

    def candidates(self, kid: str | None, algorithm: str) -> Sequence[VerificationKey]:
        """The different keys that a header can mean; none where they are more than four."""
        return self._candidates.get((kid, algorithm), ())

    def see(self, issuer: "Issuer") -> None:
        """Take note of the set that an issuer has at hand, if it has changed."""
        keys = issuer.keys.at_hand()
        name = issuer.rules.issuer
        seen = self._seen.get(name)
        if keys is None or (seen is not None and seen[0] is keys):
            return
        with self._lock:
            if name not in self._seen and len(self._seen) >= self._size:
                self._forget(next(iter(self._seen)))
            self._forget(name)
            self._seen[name] = keys, issuer.rules.algorithms
            for key_name, key in _by_name(*self._seen[name]):
                shared = self._shared.setdefault(key_name, {})
                shared.setdefault(key.thumbprint, _SharedKey(key)).issuers += 1
                self._choose(key_name)

    def __len__(self) -> int:
        return len(self._shared)

    def _forget(self, issuer: str) -> None:
        if issuer not in self._seen:
            return
        for name, key in _by_name(*self._seen.pop(issuer)):
            shared = self._shared[name]
            shared[key.thumbprint].issuers -= 1
            if not shared[key.thumbprint].issuers:
                del shared[key.thumbprint]
            if not shared:
                del self._shared[name]
            self._choose(name)

    def _choose(self, name: _Name) -> None:
        keys = [one.key for one in self._shared.get(name, {}).values()]
        if len(keys) > 1:
            # A tenant could take the key id of another issuer for a slow key, on which each token
            # of that issuer would be tried.
            keys = [key for key in keys if not key.is_slow]
        if 0 < len(keys) <= MAX_CANDIDATES:
            self._candidates[name] = tuple(keys)
        else:
            self._candidates.pop(name, None)


def _by_name(keys: JWKSet, algorithms: frozenset[str]) -> Iterator[tuple[_Name, VerificationKey]]:
    """Each header that means one key of the set, and that key."""
    names = {
        (kid, algorithm)
        for key in keys.keys
        for algorithm in key.algorithms & algorithms
        for kid in (key.kid, None)
    }
    for name in names:
        found = keys.find(*name)
        if found is not None:
            yield name, found
