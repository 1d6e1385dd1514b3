"""Keys that an attacker holds, some of them weak on purpose.

They are published in the issuer's JWK Set in forms that no verifier may use.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from asgi_jwks.testing.compact import Part, encode, segment
from asgi_jwks.testing.provider.mock_issuer import MockIssuer
from asgi_jwks.testing.provider.signing_keys import SigningKey

__all__ = ["CUBE_ROOT_KID", "TWICE_KID", "HostileKeys", "RawRSAKey"]

TWICE_KID: Final = "twice"
CUBE_ROOT_KID: Final = "exponent-3"

_WEAK_BITS: Final = 1024

# RFC 8017, section 9.2, note 1: the DigestInfo of SHA-256.
_SHA256_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")


class RawRSAKey:
    """RSA with numbers that no library would sign with, RS256 only (RFC 8017, section 8.2).

    `root` takes the e-th root modulo n: the private half.
    """

    def __init__(self, n: int, e: int, root: Callable[[int], int]) -> None:
        self.n: Final = n
        self.e: Final = e
        self._root: Final = root

    def jwk(self, kid: str) -> dict[str, object]:
        """The JWK to publish."""
        numbers = {"n": self.n, "e": self.e}
        octets = {k: v.to_bytes(max(1, (v.bit_length() + 7) // 8)) for k, v in numbers.items()}
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": kid,
            **{name: segment(value) for name, value in octets.items()},
        }

    def sign(self, header: Part, claims: Part) -> str:
        """A token of this header and these claims."""

        def signature(signing_input: bytes) -> bytes:
            size = (self.n.bit_length() + 7) // 8
            hashed = _SHA256_DIGEST_INFO + hashlib.sha256(signing_input).digest()
            padded = b"\0\1" + b"\xff" * (size - len(hashed) - 3) + b"\0" + hashed
            return self._root(int.from_bytes(padded)).to_bytes(size)

        return encode(header, claims, sign=signature)


class HostileKeys:
    """One set of the attacker's keys, which is slow to make and never changes.

    `stolen` is a good key whose private half the attacker has; `rsa` are the odd ones by name.
    """

    def __init__(self) -> None:
        stolen = rsa.generate_private_key(65537, 2048)
        self.stolen: Final = SigningKey("stolen", "RS256", stolen)
        self.stolen_exponent: Final = stolen.private_numbers().d
        self.stranger: Final = SigningKey.generate("RS256", kid="stranger")
        self.elliptic: Final = SigningKey.generate("ES256", kid="elliptic")
        self.cube_root: Final = rsa.generate_private_key(3, 2048)
        # Weak on purpose: it is published, and a verifier that accepts it has failed.
        small = rsa.generate_private_key(65537, _WEAK_BITS).private_numbers()
        n, d, prime = small.public_numbers.n, small.d, small.p
        even = 2 * prime**4
        inverse = pow(65537, -1, prime**3 * (prime - 1))
        self.rsa: Final[Mapping[str, RawRSAKey]] = {
            "modulus-1024": RawRSAKey(n, 65537, lambda number: pow(number, d, n)),
            "modulus-8704": RawRSAKey(
                prime**17, 65537, lambda number: _root_modulo_power(number, 65537, prime, 17)
            ),
            "modulus-even": RawRSAKey(even, 65537, lambda number: pow(number, inverse, even)),
            "exponent-1": RawRSAKey(
                self.cube_root.public_key().public_numbers().n, 1, lambda number: number
            ),
        }

    def publish(
        self,
        issuer: MockIssuer,
        forms: Mapping[str, Callable[["HostileKeys"], Mapping[str, object]]],
    ) -> None:
        """Put the attacker's keys into the issuer's JWK Set, besides the keys that are there.

        To be done before the application fetches the set for the first time.
        """
        for kid, odd in self.rsa.items():
            issuer.publish(odd.jwk(kid))
        for kid, form in forms.items():
            issuer.publish({**form(self), "kid": kid})
        for key in (self.stolen, self.stranger):
            issuer.publish({**key.public_jwk(), "kid": TWICE_KID})
        numbers = self.cube_root.public_key().public_numbers()
        # Its private half is not needed: that is the attack.
        issuer.publish(RawRSAKey(numbers.n, 3, lambda number: number).jwk(CUBE_ROOT_KID))

    def cube_root_forgery(self, signing_input: bytes) -> bytes:
        """A signature under exponent 3 without the private key (Bleichenbacher, 2006).

        It is right for a verifier that reads the padding from the left and ignores the octets after
        the hash.
        """
        size = self.cube_root.key_size // 8
        hashed = _SHA256_DIGEST_INFO + hashlib.sha256(signing_input).digest()
        wanted = b"\0\1" + b"\xff" * 8 + b"\0" + hashed
        lowest = int.from_bytes(wanted.ljust(size, b"\0"))
        return _cube_root_up(lowest).to_bytes(size)


def _root_modulo_power(number: int, e: int, prime: int, power: int) -> int:
    """The e-th root modulo prime ** power, by Newton's method.

    A root modulo prime is lifted step by step. Raising to the private exponent would be slow for a
    modulus of this size.
    """
    root = pow(number, pow(e, -1, prime - 1), prime)
    reached = 1
    while reached < power:
        reached = min(2 * reached, power)
        modulus = prime**reached
        slope = pow(e * pow(root, e - 1, modulus), -1, modulus)
        root = (root - (pow(root, e, modulus) - number) * slope) % modulus
    return root


def _cube_root_up(number: int) -> int:
    root = 1 << math.ceil(number.bit_length() / 3)
    while True:
        better = (2 * root + number // root**2) // 3
        if better >= root:
            break
        root = better
    return root if root**3 >= number else root + 1
