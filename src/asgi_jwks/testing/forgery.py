"""Tokens that no issuer made: the kit of an attacker, for tests and demos.

Each function bends a token, or builds one of anything, and checks nothing that it is given.

    forge.with_alg_none(token)
    forge.with_changed_payload(token, sub="admin")
    forge.encode({"alg": "RS256"}, b'{"sub": "a", "sub": "b"}', sign=issuer.signing_key.signature)
"""

import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from asgi_jwks.testing.compact import Signer, encode, octets, segment
from asgi_jwks.testing.provider.signing_keys import SigningKey

if TYPE_CHECKING:
    from asgi_jwks.testing.provider.mock_issuer import MockIssuer

__all__ = [
    "Parts",
    "encode",
    "hmac_signer",
    "public_key_octets",
    "resigned",
    "segment",
    "signed_with_hs256_and_the_public_key",
    "split",
    "unsigned",
    "with_alg_none",
    "with_changed_header",
    "with_changed_payload",
    "with_flipped_signature",
    "with_signature",
]

PublicKeyForm = Literal["pem", "pem without end", "pkcs1", "der", "jwk"]


class Parts(NamedTuple):
    """The octets behind the three segments of a token."""

    header: bytes
    payload: bytes
    signature: bytes

    @property
    def header_members(self) -> dict[str, object]:
        """The JOSE header."""
        return dict(json.loads(self.header))

    @property
    def claims(self) -> dict[str, object]:
        """The claims, unverified."""
        return dict(json.loads(self.payload))


def split(token: str) -> Parts:
    """Take a token apart, without verifying anything. Raises ValueError unless it has 3 parts."""
    header, payload, signature = token.split(".")
    return Parts(octets(header), octets(payload), octets(signature))


# Signers, for `encode(header, payload, sign=...)`. A SigningKey's is its method `signature`.


def unsigned(_signing_input: bytes) -> bytes:
    """The empty signature of `alg` none (RFC 7518, section 3.6)."""
    return b""


def hmac_signer(secret: bytes, algorithm: str = "HS256") -> Signer:
    """A signer with a shared secret: HS256, HS384 or HS512 (RFC 7518, section 3.2)."""
    digest = f"sha{algorithm.removeprefix('HS')}"

    def sign(signing_input: bytes) -> bytes:
        return hmac.digest(secret, signing_input, digest)

    return sign


# Forgeries of a token.


def with_alg_none(token: str, *, spelling: str = "none") -> str:
    """The token with `alg` none, in any spelling, and no signature."""
    parts = split(token)
    return encode({**parts.header_members, "alg": spelling}, parts.payload, sign=unsigned)


def with_changed_header(token: str, /, **members: object) -> str:
    """The token with other header members under the old signature. None removes a member."""
    parts = split(token)
    header = _changed(parts.header_members, members)
    return encode(header, parts.payload, sign=lambda _: parts.signature)


def with_changed_payload(token: str, /, **claims: object) -> str:
    """The token with other claims under the old signature. None removes a claim."""
    parts = split(token)
    payload = _changed(parts.claims, claims)
    return encode(parts.header, payload, sign=lambda _: parts.signature)


def with_signature(token: str, signature: bytes) -> str:
    """The token with these octets for a signature."""
    signing_input = token.rpartition(".")[0]
    return f"{signing_input}.{segment(signature)}"


def with_flipped_signature(token: str) -> str:
    """The token with one bit of its signature changed, in the middle."""
    signature = bytearray(split(token).signature)
    signature[len(signature) // 2] ^= 1
    return with_signature(token, bytes(signature))


def resigned(token: str, key: SigningKey, **header: object) -> str:
    """The same claims under a signature by another key that goes by the old `kid`.

    `header` members are added or replaced before signing; None removes one. With
    `jwk=key.public_jwk()` the token brings its own key along.
    """
    parts = split(token)
    members = _changed({**parts.header_members, "alg": key.algorithm}, header)
    return key.sign(members, parts.payload)


def signed_with_hs256_and_the_public_key(
    issuer: "MockIssuer", *, token: str | None = None, form: PublicKeyForm = "pem"
) -> str:
    """Key confusion (RFC 8725, section 2.1): HMAC with the issuer's public key as the secret.

    `token` is the token to forge, a new access token unless given; `form` is how the forger
    writes the public key down.
    """
    parts = split(issuer.access_token() if token is None else token)
    header = {**parts.header_members, "alg": "HS256"}
    secret = public_key_octets(issuer.signing_key, form)
    return encode(header, parts.payload, sign=hmac_signer(secret))


def public_key_octets(key: SigningKey, form: PublicKeyForm = "pem") -> bytes:
    """The public key in a form that somebody might mistake for a secret."""
    public_key = key.private_key.public_key()
    match form:
        case "pem":
            return key.public_pem()
        case "pem without end":
            return key.public_pem().rstrip()
        case "pkcs1":
            return public_key.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
        case "der":
            return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return json.dumps(key.public_jwk(), separators=(",", ":")).encode()


def _changed(members: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    changed = {**members, **changes}
    return {name: value for name, value in changed.items() if value is not None}
