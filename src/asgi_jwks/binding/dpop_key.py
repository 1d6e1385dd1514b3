"""The header of a DPoP proof: its algorithm and its public key.

A client writes the same header into all its proofs: it is remembered for each client, so that
neither reading it nor preparing its key is repeated.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from asgi_jwks._printable import printable
from asgi_jwks.errors import InvalidProof, Reason
from asgi_jwks.jose.encoding import EncodingError, b64url_decode, json_object
from asgi_jwks.jose.json_limits import HEADER_LIMITS
from asgi_jwks.jose.jwk import read_public_key
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.jose.skip_reason import UnusableKeyError

__all__ = ["ProofHeader", "ProofSender", "ProofSenders", "read_proof_header"]

_TYPE: Final = "dpop+jwt"

# As in access tokens: no extension is understood (RFC 7515, section 4.1.11), and the other two
# change the bytes that were signed.
_REFUSED_PARAMETERS: Final = ("crit", "b64", "zip")

# Requirement W1: that of 65537. A client chooses its key itself, and with an exponent of 64 bits a
# verification would cost four times as much; libraries write no larger one.
_MAX_EXPONENT_BITS: Final = 17

# Clients that are active at a time; some 4 KB each.
MAX_SENDERS: Final = 2048


class ProofHeader(NamedTuple):
    """The algorithm of a proof and its key, whose thumbprint names the sender."""

    algorithm: str
    key: VerificationKey


class ProofSender:
    """The last header of a client, and its last proof, whose signatures were good."""

    __slots__ = ("header", "header_segment", "last_proof")

    def __init__(self, header_segment: bytes, header: ProofHeader) -> None:
        self.header_segment: Final = header_segment
        self.header: Final = header
        self.last_proof = b""

    def __repr__(self) -> str:
        # A proof is a credential.
        return "ProofSender(...)"


class ProofSenders:
    """Clients by the thumbprints of their keys; those not seen lately go first.

    Each has one entry, whatever it writes into its headers, and only good signatures by the key of
    a valid token make one. Two generations, of which the older is dropped when the younger has half
    of the entries.
    """

    def __init__(self) -> None:
        self._young: dict[str, ProofSender] = {}
        self._old: dict[str, ProofSender] = {}

    def get(self, thumbprint: str) -> ProofSender | None:
        """The client with this key, if it was seen lately."""
        found = self._young.get(thumbprint)
        if found is None and self._old:
            found = self._old.get(thumbprint)
            if found is not None:
                self.put(thumbprint, found)
        return found

    def put(self, thumbprint: str, sender: ProofSender) -> None:
        """Remember a client."""
        if thumbprint not in self._young and len(self._young) >= MAX_SENDERS // 2:
            self._old, self._young = self._young, {}
        self._young[thumbprint] = sender

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


def read_proof_header(segment: bytes, algorithms: frozenset[str]) -> ProofHeader:
    """Read a proof's header (RFC 9449, section 4.2), as strictly as that of a token.

    Its kid, jku, x5c and the like are not read: the key is the one in `jwk`.

    Raises:
        InvalidProof: malformed_proof, proof_header, proof_algorithm or unusable_proof_key.
    """
    try:
        header = json_object(b64url_decode(segment), HEADER_LIMITS)
    except EncodingError as error:
        raise InvalidProof(Reason.MALFORMED_PROOF, f"in the header: {error}") from None
    if header.get("typ") != _TYPE:
        raise InvalidProof(Reason.PROOF_HEADER, "typ is not dpop+jwt")
    for name in _REFUSED_PARAMETERS:
        if name in header:
            raise InvalidProof(Reason.PROOF_HEADER, f"the header has {name}")
    # RFC 7515, section 4.1.10: a media type, without case, whose "application/" may be left out.
    if str(header.get("cty")).lower().removeprefix("application/") == "jwt":
        raise InvalidProof(Reason.PROOF_HEADER, "a nested JWT")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise InvalidProof(Reason.PROOF_ALGORITHM, printable(str(algorithm)))
    return ProofHeader(algorithm, _key(header, algorithm))


def _key(header: Mapping[str, Any], algorithm: str) -> VerificationKey:
    try:
        key = read_public_key(header.get("jwk"), max_exponent_bits=_MAX_EXPONENT_BITS)
    except UnusableKeyError as unusable:
        raise InvalidProof(Reason.UNUSABLE_PROOF_KEY, unusable.reason) from None
    if algorithm not in key.algorithms:
        raise InvalidProof(Reason.UNUSABLE_PROOF_KEY, "it is not for the algorithm of the proof")
    return key
