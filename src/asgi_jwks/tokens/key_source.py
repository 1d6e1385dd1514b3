"""Where an issuer's keys come from, as the verifier asks for them.

Two Protocols: the keys themselves, and the life of their source. Static keys have no life of their
own: `KeySourceLife` as a base does nothing.
"""

from collections.abc import Callable
from typing import Protocol

from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey

__all__ = ["KeySource", "KeySourceLife"]


class KeySourceLife(Protocol):
    """The life of a key source; as a base class it does nothing."""

    async def warm(self) -> None:
        """Have keys at hand. Raises KeySetError where that fails."""

    async def keep_fresh(self) -> None:
        """Keep them fresh until cancelled; a source with nothing to keep fresh returns."""

    async def aclose(self) -> None:
        """End the work in progress in this event loop."""


class KeySource(KeySourceLife, Protocol):
    """The keys of one issuer. The methods raise InvalidToken and KeySetError, and nothing else."""

    def at_hand(self) -> JWKSet | None:
        """The set, if it may be used now without waiting."""
        ...

    async def find(
        self, kid: str | None, algorithm: str, screen: Callable[[], object], /
    ) -> VerificationKey:
        """The key of a token, waiting and fetching as far as that is allowed.

        `screen` raises what the token would be refused for anyway; such a token costs no fetch.
        """
        ...

    def can_find_more(self) -> bool:
        """Whether `find` would wait for anything if the set at hand lacks a key."""
        ...

    def can_replace(self, key: VerificationKey, /) -> bool:
        """Whether `replacement_for` would ask the issuer for a newer key now."""
        ...

    async def replacement_for(
        self, key: VerificationKey, algorithm: str, /
    ) -> VerificationKey | None:
        """A newer key under the same key id, if there is one."""
        ...

    def same_source(self, other: "KeySource", /) -> bool:
        """Whether the other one has its keys from the same place as this one."""
        ...
