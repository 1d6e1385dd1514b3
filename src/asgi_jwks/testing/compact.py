"""The JWS Compact Serialization, written without a single check.

An issuer and a forger share it, so nothing is refused: duplicate members, broken JSON and invalid
UTF-8 all go through.
"""

import base64
import json
from collections.abc import Callable, Mapping

__all__ = ["Part", "Signer", "encode", "octets", "segment"]

Part = Mapping[str, object] | bytes
Signer = Callable[[bytes], bytes]


def segment(octets: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def octets(segment: str) -> bytes:
    """The octets behind one segment of a token."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def encode(header: Part, payload: Part, *, sign: Signer) -> str:
    """A token of exactly this header and payload (RFC 7515, section 7.1).

    A mapping becomes compact JSON; bytes are taken as they are. `sign` receives the signing input
    and returns the octets of the signature.
    """
    signing_input = f"{segment(_serialized(header))}.{segment(_serialized(payload))}"
    return f"{signing_input}.{segment(sign(signing_input.encode('ascii')))}"


def _serialized(part: Part) -> bytes:
    if isinstance(part, bytes):
        return part
    return json.dumps(dict(part), separators=(",", ":")).encode()
