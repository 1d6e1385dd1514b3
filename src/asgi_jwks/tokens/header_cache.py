"""The headers of accepted tokens, with the keys that they named.

An issuer writes the same header into all its tokens: neither reading it nor looking for its key is
repeated. Only accepted tokens enter, so that no stranger can fill the memory.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.principal import Basis

if TYPE_CHECKING:
    from asgi_jwks.tokens.issuer import Issuer

__all__ = ["HeaderCache", "Signer"]

# Far more different headers than one issuer writes.
MAX_HEADERS: Final = 64


class Signer(NamedTuple):
    """The key that a header names.

    Its issuer, the set at hand in which it was found, and the basis on which the claims of all
    tokens that it signs are read.
    """

    header: JOSEHeader
    issuer: "Issuer"
    keys: JWKSet
    key: VerificationKey
    basis: Basis


class HeaderCache:
    """At most 64 signers by the encoded header of an accepted token."""

    def __init__(self) -> None:
        self._signers: dict[bytes, Signer] = {}

    def get(self, segment: bytes) -> Signer | None:
        """The signer that an encoded header named lately."""
        return self._signers.get(segment)

    def put(self, segment: bytes, signer: Signer) -> None:
        """Remember the header of a token that was accepted."""
        if segment not in self._signers and len(self._signers) >= MAX_HEADERS:
            self._signers.clear()
        self._signers[segment] = signer

    def __len__(self) -> int:
        return len(self._signers)
