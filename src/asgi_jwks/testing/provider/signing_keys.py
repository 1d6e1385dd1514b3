"""Signing keys: the private halves of an issuer's keys, and the JWK of each.

Keys are generated here, and a test process uses its RSA keys again. It does not know which keys are
published.
"""

import secrets
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import Algorithm, ECAlgorithm, OKPAlgorithm, RSAAlgorithm, RSAPSSAlgorithm

from asgi_jwks.testing.compact import Part, encode

__all__ = ["PrivateKey", "SigningKey"]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_ALGORITHMS: Mapping[str, Algorithm] = {
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "RS384": RSAAlgorithm(RSAAlgorithm.SHA384),
    "RS512": RSAAlgorithm(RSAAlgorithm.SHA512),
    "PS256": RSAPSSAlgorithm(RSAPSSAlgorithm.SHA256),
    "PS384": RSAPSSAlgorithm(RSAPSSAlgorithm.SHA384),
    "PS512": RSAPSSAlgorithm(RSAPSSAlgorithm.SHA512),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
    "ES384": ECAlgorithm(ECAlgorithm.SHA384),
    "ES512": ECAlgorithm(ECAlgorithm.SHA512),
    "EdDSA": OKPAlgorithm(),
}
_CURVES: Mapping[str, type[ec.EllipticCurve]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}
_RSA_BITS = 2048


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SigningKey:
    """A private key with its `kid` and the one algorithm that it signs with.

    `SigningKey.generate("ES256")` makes one. `algorithm` is the JOSE name (RFC 7518, section 3.1;
    RFC 8037 for EdDSA) and goes into the header of each token and into the published JWK.
    """

    kid: str
    algorithm: str
    private_key: PrivateKey = field(repr=False)

    @classmethod
    def generate(
        cls, algorithm: str = "RS256", *, kid: str | None = None, key_size: int = _RSA_BITS
    ) -> Self:
        """A new key for `algorithm`, with a random `kid` unless one is given.

        `key_size` is the length of an RSA modulus in bits; other kinds of key do not have one.
        Raises ValueError when the algorithm is not an asymmetric one of RFC 7518 or RFC 8037.
        """
        kid = secrets.token_urlsafe(16) if kid is None else kid
        if algorithm not in _ALGORITHMS:
            known = ", ".join(_ALGORITHMS)
            raise ValueError(
                f"no signing key for the algorithm {algorithm!r}; write one of {known}"
            )
        if algorithm in _CURVES:
            return cls(kid, algorithm, ec.generate_private_key(_CURVES[algorithm]()))
        if algorithm == "EdDSA":
            return cls(kid, algorithm, ed25519.Ed25519PrivateKey.generate())
        if key_size != _RSA_BITS:
            return cls(kid, algorithm, rsa.generate_private_key(65537, key_size))
        private_key = _stock.take()
        key = cls(kid, algorithm, private_key)
        weakref.finalize(key, _stock.put_back, private_key).atexit = False
        return key

    def public_jwk(self) -> dict[str, object]:
        """The JWK to publish (RFC 7517): public members, `kid`, `use` and `alg`."""
        algorithm = _ALGORITHMS[self.algorithm]
        jwk: dict[str, object] = dict(algorithm.to_jwk(self.private_key.public_key(), as_dict=True))
        # PyJWT adds key_ops; `use` says the same here, and RFC 7517, section 4.3 wants one of them.
        jwk.pop("key_ops", None)
        return {**jwk, "use": "sig", "alg": self.algorithm, "kid": self.kid}

    def public_pem(self) -> bytes:
        """The public key as PEM (SubjectPublicKeyInfo): the text that key confusion starts from."""
        public_key = self.private_key.public_key()
        return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def signature(self, signing_input: bytes) -> bytes:
        """The octets of the JWS signature over `signing_input`."""
        return _ALGORITHMS[self.algorithm].sign(signing_input, self.private_key)

    def sign(self, header: Part, claims: Part) -> str:
        """A token of exactly this header and these claims: neither `alg` nor `kid` is added."""
        return encode(header, claims, sign=self.signature)


class _Stock:
    """RSA keys of a process, each with one owner at a time.

    One key is slow to make, and a test run makes hundreds of issuers. A key whose SigningKey is
    gone rests behind the others before it serves again, so keys alive together are distinct.
    """

    _RESTING = 8

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: deque[rsa.RSAPrivateKey] = deque()

    def take(self) -> rsa.RSAPrivateKey:
        with self._lock:
            if len(self._idle) > self._RESTING:
                return self._idle.popleft()
        return rsa.generate_private_key(65537, _RSA_BITS)

    def put_back(self, key: rsa.RSAPrivateKey) -> None:
        # deque.append is atomic. The finalizer that calls this may run inside take(), in the same
        # thread, so it must not wait for the lock.
        self._idle.append(key)


_stock = _Stock()
