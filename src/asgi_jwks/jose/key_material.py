"""The numbers of a public key (RFC 7518, section 6; RFC 8037), checked.

It does not know for which use a key is published, nor under which name.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from asgi_jwks.jose.encoding import EncodingError, b64url_decode, b64url_encode
from asgi_jwks.jose.skip_reason import SkipReason, UnusableKeyError

__all__ = [
    "MAX_EXPONENT_BITS",
    "RSA_BITS",
    "KeyMaterial",
    "ec_key",
    "okp_key",
    "rsa_key",
    "text_of",
]

# Work limits. 2048 is RFC 7518, section 3.3. The cost of a signature grows with the square of the
# modulus, and nobody is known to publish more than 8192 bits. OpenSSL allows an exponent of 64 bits
# under a large modulus (OPENSSL_RSA_MAX_PUBEXP_BITS in its rsa.h).
RSA_BITS: Final = range(2048, 8192 + 1)
MAX_EXPONENT_BITS: Final = 64

# The points of order 1, 2, 4 and 8, by their y-coordinates (RFC 8032, section 5.1): whoever names
# one of them as a key has named a key for which anyone can sign. The sign bit above y, and y + p
# where it fits into 255 bits, are other encodings of the same points.
_ED25519_OCTETS: Final = 32
_ED25519_P: Final = 2**255 - 19
_ED25519_Y_OF_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_ED25519_SMALL_ORDER_Y: Final = frozenset(
    {0, 1, _ED25519_P - 1, _ED25519_Y_OF_ORDER_8, _ED25519_P - _ED25519_Y_OF_ORDER_8}
)

# RFC 7518, section 6.2.1.2: a coordinate takes the full size of the curve's field, in octets.
_COORDINATE_OCTETS: Final = {"P-256": 32, "P-384": 48, "P-521": 66}


class KeyMaterial(NamedTuple):
    """A public key object, and the members that identify it (RFC 7638, section 3.2)."""

    public_key: object
    required_members: dict[str, str]


def rsa_key(jwk: Mapping[str, Any], max_exponent_bits: int) -> KeyMaterial:
    """The key of a JWK of the type RSA (RFC 7518, section 6.3.1).

    Raises:
        UnusableKeyError: it is not one, or too weak or too costly.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    # Leading zero octets are against RFC 7518, section 2, but were common in Java and change
    # nothing: the thumbprint is made of the minimal form.
    modulus = _octets(jwk, "n").lstrip(b"\0")
    if len(modulus) > RSA_BITS.stop // 8:
        # Before it becomes a number: a document may hold one of 3 million bits.
        raise UnusableKeyError(SkipReason.RSA_MODULUS_TOO_LARGE)
    n = int.from_bytes(modulus)
    e = int.from_bytes(_octets(jwk, "e"))
    if n.bit_length() < RSA_BITS.start:
        raise UnusableKeyError(SkipReason.RSA_MODULUS_TOO_SMALL)
    if n % 2 == 0:
        raise UnusableKeyError(SkipReason.RSA_MODULUS_EVEN)
    if e < 3:
        raise UnusableKeyError(SkipReason.RSA_EXPONENT_TOO_SMALL)
    if e.bit_length() > max_exponent_bits:
        raise UnusableKeyError(SkipReason.RSA_EXPONENT_TOO_LARGE)
    if e % 2 == 0:
        raise UnusableKeyError(SkipReason.RSA_EXPONENT_EVEN)
    required = {"kty": "RSA", "n": _minimal(n), "e": _minimal(e)}
    return KeyMaterial(RSAPublicNumbers(e, n).public_key(), required)


def _minimal(number: int) -> str:
    return b64url_encode(number.to_bytes((number.bit_length() + 7) // 8))


def ec_key(jwk: Mapping[str, Any], crv: str) -> KeyMaterial:
    """The key of a JWK of the type EC (RFC 7518, section 6.2.1).

    Raises:
        UnusableKeyError: its numbers are not a point of the curve.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[str, type[ec.EllipticCurve]] = {
        "P-256": ec.SECP256R1,
        "P-384": ec.SECP384R1,
        "P-521": ec.SECP521R1,
    }
    x, y = _octets(jwk, "x"), _octets(jwk, "y")
    if not len(x) == len(y) == _COORDINATE_OCTETS[crv]:
        raise UnusableKeyError(SkipReason.MALFORMED_MEMBER)
    point = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curves[crv]())
    try:
        public_key = point.public_key()
    except ValueError:
        raise UnusableKeyError(SkipReason.POINT_NOT_ON_CURVE) from None
    required = {"kty": "EC", "crv": crv, "x": b64url_encode(x), "y": b64url_encode(y)}
    return KeyMaterial(public_key, required)


def okp_key(jwk: Mapping[str, Any], crv: str) -> KeyMaterial:
    """The key of a JWK of the type OKP (RFC 8037, section 2).

    Raises:
        UnusableKeyError: its octets are not a point, or one for which anybody can sign.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    x = _octets(jwk, "x")
    y = int.from_bytes(x, "little") & (2**255 - 1)
    if len(x) == _ED25519_OCTETS and y % _ED25519_P in _ED25519_SMALL_ORDER_Y:
        raise UnusableKeyError(SkipReason.POINT_OF_SMALL_ORDER)
    try:
        public_key = Ed25519PublicKey.from_public_bytes(x)
    except ValueError:
        raise UnusableKeyError(SkipReason.MALFORMED_MEMBER) from None
    return KeyMaterial(public_key, {"kty": "OKP", "crv": crv, "x": b64url_encode(x)})


def text_of(jwk: Mapping[str, Any], member: str) -> str:
    """A member that must be a string.

    Raises:
        UnusableKeyError: it is missing, or something else.
    """
    value = jwk.get(member)
    if isinstance(value, str):
        return value
    raise UnusableKeyError(
        SkipReason.MALFORMED_MEMBER if member in jwk else SkipReason.MISSING_MEMBER
    )


def _octets(jwk: Mapping[str, Any], member: str) -> bytes:
    # A character outside ASCII becomes "?", which base64url refuses.
    try:
        return b64url_decode(text_of(jwk, member).encode("ascii", "replace"))
    except EncodingError:
        raise UnusableKeyError(SkipReason.MALFORMED_MEMBER) from None
