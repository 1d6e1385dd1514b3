"""A key that verifies signatures, and nothing else.

`VerificationKey` is the one form in which keys leave this room; it has its RFC 7638 thumbprint. It
does not know where a key comes from, nor how long it is trusted.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asgi_jwks.jose.algorithms import SYMMETRIC_ALGORITHMS, SignatureCheck, signature_check
from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.weak_secrets import weakness_of

__all__ = ["VerificationKey", "rfc7638_thumbprint", "symmetric_key"]


# F4, which nearly all RSA keys have. A signature costs a multiplication for each bit of the
# exponent, and one more for each that is set.
USUAL_EXPONENT: Final = 65_537
# Larger ones are rare, and a signature costs four times as much with twice the bits.
USUAL_BITS: Final = 4096


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key with the only algorithms that it serves (RFC 8725, section 3.1).

    Two keys are equal when kid, kty, algorithms and thumbprint are.
    """

    kid: str | None
    kty: str
    algorithms: frozenset[str]
    # Left out of the repr: for a shared secret it is a hash that guesses can be tried against.
    thumbprint: str = field(repr=False)
    _material: Any = field(repr=False, compare=False)
    _checks: Mapping[str, SignatureCheck] = field(repr=False, compare=False)

    @classmethod
    def of(
        cls,
        material: object,
        *,
        kid: str | None,
        algorithms: frozenset[str],
        required_members: Mapping[str, str],
    ) -> "VerificationKey":
        """Prepare a key.

        `material` is what PyJWT verifies with (a public key object of cryptography, or a secret),
        `required_members` are the JWK members that RFC 7638, section 3.2 makes the thumbprint of.
        """
        return cls(
            kid,
            required_members["kty"],
            algorithms,
            rfc7638_thumbprint(required_members),
            material,
            {algorithm: signature_check(algorithm) for algorithm in algorithms},
        )

    @property
    def rsa_bits(self) -> int | None:
        """The size of the modulus of an RSA key; None of another key."""
        if self.kty != "RSA":
            return None
        bits: int = self._material.key_size
        return bits

    @property
    def is_slow(self) -> bool:
        """Whether it is an RSA key above 4096 bits, or with an exponent above 65537."""
        bits = self.rsa_bits
        return bits is not None and (
            bits > USUAL_BITS or self._material.public_numbers().e > USUAL_EXPONENT
        )

    def verify(self, algorithm: str, signing_input: bytes, signature: bytes) -> bool:
        """Whether `signature` over `signing_input` was made with this key and `algorithm`.

        False for every wrong signature, of whatever length, and for an algorithm that is not one
        of the key's own. Raises nothing.
        """
        check = self._checks.get(algorithm)
        return check is not None and check.verify(signing_input, self._material, signature)


def symmetric_key(secret: bytes, algorithm: str) -> VerificationKey:
    """A shared secret as the key of one HMAC algorithm (RFC 7518, section 3.2).

    It has no kid.

    Args:
        secret: at least as many bytes as the hash gives: 32, 48 or 64.
        algorithm: HS256, HS384 or HS512.

    Raises:
        ValueError: the algorithm is another one; the secret is too short, has fewer than 16
            different bytes, repeats itself or is a published example; or it is a public key, a
            certificate or a JWK.
    """
    if algorithm not in SYMMETRIC_ALGORITHMS:
        raise ValueError("a shared secret is used with HS256, HS384 or HS512")
    shortest = int(algorithm[2:]) // 8
    if len(secret) < shortest:
        raise ValueError(f"a shared secret for {algorithm} must have at least {shortest} bytes")
    if _is_published_form(secret):
        raise ValueError("a public key, certificate or JWK is not a shared secret")
    if (weakness := weakness_of(secret)) is not None:
        raise ValueError(f"a shared secret comes from a random generator; this one {weakness}")
    return VerificationKey.of(
        secret,
        kid=None,
        algorithms=frozenset({algorithm}),
        required_members={"kty": "oct", "k": b64url_encode(secret)},
    )


def _is_published_form(secret: bytes) -> bool:
    # Whoever configures a public key as the secret lets everyone sign (CVE-2022-29217). PyJWT has
    # such a check too, but which forms it knows depends on its version.
    if b"-----BEGIN " in secret or secret.startswith((b"ssh-", b"ecdsa-")):
        return True
    if secret.lstrip().startswith(b"{") and b'"kty"' in secret:
        return True
    # Imported late for the reason given in algorithms.py.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from cryptography.x509 import load_der_x509_certificate

    for load in (load_der_public_key, load_der_x509_certificate):
        try:
            load(secret)
        except ValueError:
            continue
        except UnsupportedAlgorithm:
            # A published key all the same, of an algorithm that is newer than the library.
            return True
        return True
    return False


def rfc7638_thumbprint(required_members: Mapping[str, str]) -> str:
    """The SHA-256 thumbprint of a key, base64url (RFC 7638, section 3)."""
    canonical = json.dumps(required_members, sort_keys=True, separators=(",", ":"))
    return b64url_encode(hashlib.sha256(canonical.encode("ascii")).digest())
