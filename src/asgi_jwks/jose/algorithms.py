"""The JWS algorithms that exist here, each bound to a kind of key.

They are those of RFC 7518, section 3.1, RFC 8037 and RFC 9864, as PyJWT implements them but for
ECDSA. `none` is not in the table and cannot be put into it. Which of them an application allows is
not known here.
"""

from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

from asgi_jwks.jose.ecdsa import ECDSACheck

__all__ = [
    "ALGORITHMS",
    "ASYMMETRIC_ALGORITHMS",
    "SYMMETRIC_ALGORITHMS",
    "KeyKind",
    "SignatureCheck",
    "algorithms_for",
    "signature_check",
]


class KeyKind(NamedTuple):
    """An algorithm's kind of key: JWK `kty`, and `crv` where it has one."""

    kty: str
    crv: str | None = None


class SignatureCheck(Protocol):
    """Verifies signatures of one algorithm: a PyJWT Algorithm object does, and an ECDSACheck."""

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool: ...


_RSA: Final = KeyKind("RSA")
_OCT: Final = KeyKind("oct")
_ED25519: Final = KeyKind("OKP", "Ed25519")

# Each ECDSA algorithm is bound to one curve (RFC 7518, section 3.4). EdDSA is the older name of
# what RFC 9864 calls Ed25519; Ed448, which it could also mean, is not supported.
ALGORITHMS: Final = MappingProxyType(
    {
        "RS256": _RSA,
        "RS384": _RSA,
        "RS512": _RSA,
        "PS256": _RSA,
        "PS384": _RSA,
        "PS512": _RSA,
        "ES256": KeyKind("EC", "P-256"),
        "ES384": KeyKind("EC", "P-384"),
        "ES512": KeyKind("EC", "P-521"),
        "EdDSA": _ED25519,
        "Ed25519": _ED25519,
        "HS256": _OCT,
        "HS384": _OCT,
        "HS512": _OCT,
    }
)

_BY_KIND: Final = {
    kind: frozenset(alg for alg, its_kind in ALGORITHMS.items() if its_kind == kind)
    for kind in ALGORITHMS.values()
}

# RFC 7518, section 3.4: the octets of either number of a signature.
_ECDSA_OCTETS: Final = MappingProxyType({"ES256": 32, "ES384": 48, "ES512": 66})

SYMMETRIC_ALGORITHMS: Final = frozenset(alg for alg, kind in ALGORITHMS.items() if kind == _OCT)
ASYMMETRIC_ALGORITHMS: Final = frozenset(ALGORITHMS) - SYMMETRIC_ALGORITHMS


def algorithms_for(kty: str, crv: str | None = None) -> frozenset[str]:
    """All algorithms for keys of this kind; empty for an unknown kind."""
    return _BY_KIND.get(KeyKind(kty, crv), frozenset())


def signature_check(algorithm: str) -> SignatureCheck:
    """The object that verifies signatures of `algorithm`, one of ALGORITHMS; made once.

    Raises KeyError for any other name.
    """
    kind = ALGORITHMS[algorithm]
    if kind.kty == "EC":
        return _ecdsa_check(algorithm)
    return _pyjwt_algorithms()["EdDSA" if kind == _ED25519 else algorithm]


@cache
def _ecdsa_check(algorithm: str) -> SignatureCheck:
    return ECDSACheck(_ECDSA_OCTETS[algorithm], int(algorithm[2:]))


@cache
def _pyjwt_algorithms() -> dict[str, SignatureCheck]:
    # Importing PyJWT with cryptography is slow, for a command line tool or a worker that starts
    # often; so it waits for the first key. The defaults are asked for, not PyJWT's registry, which
    # other code in the process may have changed.
    from jwt.algorithms import get_default_algorithms

    return {name: check for name, check in get_default_algorithms().items() if name in ALGORITHMS}
