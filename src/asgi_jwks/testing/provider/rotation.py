"""The keys that an issuer publishes, and the one of them that it signs with.

The ways in which real providers change keys, one method each. Every method may be called from any
thread.
"""

import threading
from collections.abc import Mapping

from asgi_jwks.testing.provider.signing_keys import SigningKey

__all__ = ["PublishedKeys"]


class PublishedKeys:
    """The published keys of an issuer, oldest first, and its current signing key."""

    def __init__(self, key: SigningKey) -> None:
        self._lock = threading.RLock()
        self._first = key
        self._signing_key = key
        self._published: tuple[SigningKey | Mapping[str, object], ...] = (key,)

    @property
    def signing_key(self) -> SigningKey:
        """The key that signs whatever is minted without a key of its own."""
        return self._signing_key

    def jwk_set(self) -> dict[str, object]:
        """The JWK Set of the published keys (RFC 7517, section 5)."""
        with self._lock:
            published = self._published
        return {
            "keys": [
                key.public_jwk() if isinstance(key, SigningKey) else dict(key) for key in published
            ]
        }

    def publish(self, key: SigningKey | Mapping[str, object]) -> None:
        """Add a key to the set, or any JWK as it is, usable or not."""
        with self._lock:
            self._published = (*self._published, key)

    def withdraw(self, kid: str) -> None:
        """Remove every key of this `kid` from the set. Raises LookupError if there is none."""
        with self._lock:
            left = tuple(key for key in self._published if _kid(key) != kid)
            if len(left) == len(self._published):
                raise LookupError(f"no published key has the kid {kid!r}")
            self._published = left

    def use(self, key: SigningKey) -> None:
        """Sign with `key` from now on, whether it is published or not."""
        with self._lock:
            self._signing_key = key

    def prepare_key(self) -> SigningKey:
        """Publish a new key that does not sign before `use` is called with it."""
        key = self._successor()
        self.publish(key)
        return key

    def rotate(self) -> SigningKey:
        """Publish a new key and sign with it; the previous ones stay published."""
        with self._lock:
            key = self.prepare_key()
            self.use(key)
        return key

    def swap_key(self) -> SigningKey:
        """Replace every published key by one new key at once, as some providers do."""
        key = self._successor()
        with self._lock:
            self._published = (key,)
            self.use(key)
        return key

    def reissue_key(self) -> SigningKey:
        """Replace the current key by new key material under the same `kid`."""
        with self._lock:
            replaced = self._signing_key
            key = SigningKey.generate(replaced.algorithm, kid=replaced.kid)
            self._published = tuple(
                key if _kid(published) == key.kid else published for published in self._published
            )
            self.use(key)
        return key

    def restore_keys(self) -> None:
        """Publish the first key alone and sign with it, as after construction."""
        with self._lock:
            self._published = (self._first,)
            self._signing_key = self._first

    def _successor(self) -> SigningKey:
        return SigningKey.generate(self._first.algorithm)


def _kid(key: SigningKey | Mapping[str, object]) -> object:
    return key.kid if isinstance(key, SigningKey) else key.get("kid")
