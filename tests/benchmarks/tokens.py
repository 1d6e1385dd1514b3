"""The tokens of every case, minted once and outside the clock.

What lives only here: the issuer's key, its published set, and what the tokens look like.
What it does not know: contenders, clocks that measure, sockets.
"""

import base64
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER: Final = "https://issuer.example/"
AUDIENCE: Final = "https://api.example.com"
KEY_ID: Final = "2vYzT0h5wqJ8dXc1RkNfA"
LIFETIME: Final = 86_400  # seconds: what Auth0 gives an access token when nothing else is said

# What brings a token to 2.3 kB in the field: a list of permissions. Each entry is 24 bytes.
_PERMISSIONS: Final = [f"documents:section-{number:02}:read" for number in range(38)]

_ZIPF_SEED: Final = 20_240_613


def base64url(octets: bytes) -> bytes:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def _segment(members: dict[str, object]) -> bytes:
    return base64url(json.dumps(members, separators=(",", ":")).encode())


@dataclass(frozen=True, slots=True)
class RawVerification:
    """One bare RSA verification: the unit in which every result is given."""

    key: rsa.RSAPublicKey
    signature: bytes
    message: bytes


class Mint:
    """An issuer of RS256 access tokens of about 850 bytes, or 2.3 kB where `large`."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self._started = int(time.time())
        self._minted = 0

    def jwks(self) -> dict[str, object]:
        """The published set: the signing key and a second one, as during a rotation."""
        spare = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        return {"keys": [_public_jwk(self._key, KEY_ID), _public_jwk(spare, "spare-key")]}

    def tokens(
        self, count: int, *, large: bool = False, lifetime: int = LIFETIME, kid: str = KEY_ID
    ) -> list[bytes]:
        """`count` different tokens, each valid for `lifetime` seconds (negative: expired)."""
        return [self._token(large=large, lifetime=lifetime, kid=kid) for _ in range(count)]

    def raw_verification(self, token: bytes) -> RawVerification:
        """What is left of `token` when nothing but its signature is to be checked."""
        message, _, signature = token.rpartition(b".")
        octets = base64.urlsafe_b64decode(signature + b"==")
        return RawVerification(self._key.public_key(), octets, message)

    def _token(self, *, large: bool, lifetime: int, kid: str) -> bytes:
        self._minted += 1
        expires = self._started + lifetime
        claims: dict[str, object] = {
            "iss": ISSUER,
            "sub": f"auth0|65f1c0de{self._minted:016x}",
            "aud": [AUDIENCE, "https://issuer.example/userinfo"],
            "iat": min(self._started, expires - 60),
            "exp": expires,
            "azp": "Xk3vQ9sT1mZc7LbH5yWd2RgP8nJf4AaE",
            "scope": "openid profile email read:documents write:documents offline_access",
            "jti": f"{self._minted:032x}",
        }
        if large:
            claims["permissions"] = _PERMISSIONS
        header: dict[str, object] = {"alg": "RS256", "typ": "JWT", "kid": kid}
        message = _segment(header) + b"." + _segment(claims)
        signature = self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return message + b"." + base64url(signature)


def with_bad_signatures(tokens: Iterable[bytes]) -> list[bytes]:
    """The same tokens, one bit of each signature turned.

    The bit sits in the middle: a signature that became larger than the modulus would be refused
    without any arithmetic and look cheaper than it is.
    """
    forged = []
    for token in tokens:
        message, _, signature = token.rpartition(b".")
        octets = bytearray(base64.urlsafe_b64decode(signature + b"=="))
        octets[len(octets) // 2] ^= 1
        forged.append(message + b"." + base64url(bytes(octets)))
    return forged


def with_unknown_kids(tokens: Iterable[bytes]) -> list[bytes]:
    """The same tokens, each naming a key of its own that nobody published."""
    renamed = []
    for number, token in enumerate(tokens):
        _, _, rest = token.partition(b".")
        header: dict[str, object] = {"alg": "RS256", "typ": "JWT", "kid": f"nobodys-key-{number}"}
        renamed.append(_segment(header) + b"." + rest)
    return renamed


def zipf_indexes(population: int, draws: int, exponent: float = 1.1) -> list[int]:
    """A seeded sequence in which item k comes up in proportion to 1 / (k + 1) ** exponent."""
    weights = [1 / (rank + 1) ** exponent for rank in range(population)]
    return Random(_ZIPF_SEED).choices(range(population), weights, k=draws)


def _public_jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": kid,
        "n": base64url(numbers.n.to_bytes(256)).decode(),
        "e": base64url(numbers.e.to_bytes(3)).decode(),
    }
