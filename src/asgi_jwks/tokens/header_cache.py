"""The keys that the headers of accepted tokens named.

What lives only here: the bounded memory of such headers, by their encoded form. What it does not
know: how a header is read, and how a key is found.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.tokens.header_rules import JOSEHeader

if TYPE_CHECKING:
    from asgi_jwks.tokens.issuers import Issuer

__all__ = ["KnownSigners", "Signer"]

# Far more different headers than one issuer writes.
KNOWN_HEADERS: Final = 64


class Signer(NamedTuple):
    """What a header says, and the key that it named among the issuer's `keys`."""

    header: JOSEHeader
    issuer: "Issuer"
    keys: JWKSet
    key: VerificationKey


class KnownSigners:
    """The signers of accepted tokens, by the encoded header.

    An issuer writes the same header into all its tokens. Neither to read it again nor to look for
    its key again saves a tenth of a verification. Only accepted tokens get here, so that no
    stranger can fill the memory.
    """

    def __init__(self) -> None:
        self._signers: dict[bytes, Signer] = {}
        # Bound here, not wrapped: it is called for every new token.
        self.get: Final = self._signers.get
        """The signer that an encoded header named lately."""

    def remember(self, segment: bytes, signer: Signer) -> None:
        """Know a header from now on, whose token was accepted."""
        if segment not in self._signers and len(self._signers) >= KNOWN_HEADERS:
            self._signers.clear()
        self._signers[segment] = signer

    def __len__(self) -> int:
        return len(self._signers)
