"""One published JWK: a usable verification key, or the one reason why not.

The rules are those of RFC 7517, section 4 and RFC 7518, section 6; the reasons for skipping a key
are a closed list. Neither the document around the key nor its owner is known here. Members that no
rule names are ignored, x5c, x5t and x5u among them: they are never followed or trusted.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from asgi_jwks.jose.algorithms import ASYMMETRIC_ALGORITHMS, algorithms_for
from asgi_jwks.jose.encoding import EncodingError, b64url_decode, b64url_encode
from asgi_jwks.jose.key import VerificationKey

__all__ = ["MAX_KID_LENGTH", "RSA_BITS", "SkipReason", "UnusableKeyError", "read_public_key"]

# Work limits. 2048 is RFC 7518, section 3.3. The cost of a signature grows with the square of the
# modulus, and nobody is known to publish more than 8192 bits. OpenSSL allows an exponent of 64 bits
# under a large modulus (OPENSSL_RSA_MAX_PUBEXP_BITS in its rsa.h).
RSA_BITS: Final = range(2048, 8192 + 1)
MAX_EXPONENT_BITS: Final = 64

# RFC 7517, section 4.5 sets no bound. Thumbprints take 43 characters, ARNs and URLs under 200, the
# did:key form of an RSA key of 2048 bits 755, and one of 4096 bits some 1,450.
MAX_KID_LENGTH: Final = 2048

# RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1; RFC 8037, section 2.
_PRIVATE_MEMBERS: Final = ("d", "p", "q", "dp", "dq", "qi", "oth")

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


class SkipReason(StrEnum):
    """Why a published key is not used: one value per rule."""

    NOT_AN_OBJECT = "not_an_object"
    # Found where the document is read, before any other member is looked at.
    OF_ANOTHER_TENANT = "of_another_tenant"
    DUPLICATE_MEMBER = "duplicate_member"
    TOO_COMPLEX = "too_complex"
    TOO_MANY_KEYS = "too_many_keys"
    MISSING_MEMBER = "missing_member"
    MALFORMED_MEMBER = "malformed_member"
    UNKNOWN_KTY = "unknown_kty"
    SYMMETRIC_KEY = "symmetric_key"
    PRIVATE_KEY = "private_key"
    KID_NOT_A_STRING = "kid_not_a_string"
    KID_TOO_LONG = "kid_too_long"
    NOT_FOR_SIGNATURES = "not_for_signatures"
    MALFORMED_KEY_OPS = "malformed_key_ops"
    NOT_FOR_VERIFYING = "not_for_verifying"
    INCONSISTENT_KEY_OPS = "inconsistent_key_ops"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    ALGORITHM_DOES_NOT_FIT = "algorithm_does_not_fit"
    RSA_MODULUS_TOO_SMALL = "rsa_modulus_too_small"
    RSA_MODULUS_TOO_LARGE = "rsa_modulus_too_large"
    RSA_MODULUS_EVEN = "rsa_modulus_even"
    RSA_EXPONENT_TOO_SMALL = "rsa_exponent_too_small"
    RSA_EXPONENT_TOO_LARGE = "rsa_exponent_too_large"
    RSA_EXPONENT_EVEN = "rsa_exponent_even"
    UNSUPPORTED_CURVE = "unsupported_curve"
    POINT_NOT_ON_CURVE = "point_not_on_curve"
    POINT_OF_SMALL_ORDER = "point_of_small_order"


class UnusableKeyError(Exception):
    """The key cannot be used, for `reason`.

    A set skips it, and a DPoP proof with it is refused.
    """

    def __init__(self, reason: SkipReason) -> None:
        super().__init__(reason)
        self.reason = reason


class _Material(NamedTuple):
    """A public key object, and the members that identify it (RFC 7638, section 3.2)."""

    public_key: object
    required_members: dict[str, str]


def read_public_key(jwk: object, *, max_exponent_bits: int = MAX_EXPONENT_BITS) -> VerificationKey:
    """Read one member of a published `keys` array, or the key of a client.

    A member that is null is absent: System.Text.Json writes a JsonWebKey of .NET with all members
    that any kind of key can have.

    Args:
        jwk: the key.
        max_exponent_bits: the most bits of an RSA exponent.

    Raises:
        UnusableKeyError: with the first rule that the key breaks.
    """
    if not isinstance(jwk, Mapping):
        raise UnusableKeyError(SkipReason.NOT_AN_OBJECT)
    jwk = {member: value for member, value in jwk.items() if value is not None}
    kty = _string(jwk, "kty")
    if kty == "oct" or "k" in jwk:
        raise UnusableKeyError(SkipReason.SYMMETRIC_KEY)
    if any(member in jwk for member in _PRIVATE_MEMBERS):
        raise UnusableKeyError(SkipReason.PRIVATE_KEY)
    kid = _kid(jwk)
    _check_use(jwk)
    crv = None if kty == "RSA" else _curve(jwk, kty)
    algorithms = _algorithms(jwk, kty, crv)
    if crv is None:
        material = _rsa(jwk, max_exponent_bits)
    else:
        material = _ec(jwk, crv) if kty == "EC" else _okp(jwk, crv)
    return VerificationKey.of(
        material.public_key,
        kid=kid,
        algorithms=algorithms,
        required_members=material.required_members,
    )


def _string(jwk: Mapping[str, Any], member: str) -> str:
    value = jwk.get(member)
    if isinstance(value, str):
        return value
    raise UnusableKeyError(
        SkipReason.MALFORMED_MEMBER if member in jwk else SkipReason.MISSING_MEMBER
    )


def _octets(jwk: Mapping[str, Any], member: str) -> bytes:
    # A character outside ASCII becomes "?", which base64url refuses.
    try:
        return b64url_decode(_string(jwk, member).encode("ascii", "replace"))
    except EncodingError:
        raise UnusableKeyError(SkipReason.MALFORMED_MEMBER) from None


def _kid(jwk: Mapping[str, Any]) -> str | None:
    if "kid" not in jwk:
        return None
    kid = jwk["kid"]
    if not isinstance(kid, str):
        raise UnusableKeyError(SkipReason.KID_NOT_A_STRING)
    if len(kid) > MAX_KID_LENGTH:
        raise UnusableKeyError(SkipReason.KID_TOO_LONG)
    return kid


def _check_use(jwk: Mapping[str, Any]) -> None:
    # RFC 7517, sections 4.2 and 4.3.
    if "use" in jwk and jwk["use"] != "sig":
        raise UnusableKeyError(SkipReason.NOT_FOR_SIGNATURES)
    if "key_ops" not in jwk:
        return
    operations = jwk["key_ops"]
    if not isinstance(operations, list) or not all(isinstance(op, str) for op in operations):
        raise UnusableKeyError(SkipReason.MALFORMED_KEY_OPS)
    if len(set(operations)) != len(operations):
        raise UnusableKeyError(SkipReason.MALFORMED_KEY_OPS)
    if operations == [] and "use" in jwk:
        # .NET and some trust anchors write it so: nothing is said beyond the use.
        return
    if "verify" not in operations:
        raise UnusableKeyError(SkipReason.NOT_FOR_VERIFYING)
    if "use" in jwk and not {"sign", "verify"}.issuperset(operations):
        raise UnusableKeyError(SkipReason.INCONSISTENT_KEY_OPS)


def _curve(jwk: Mapping[str, Any], kty: str) -> str:
    if kty not in ("EC", "OKP"):
        raise UnusableKeyError(SkipReason.UNKNOWN_KTY)
    crv = _string(jwk, "crv")
    if not algorithms_for(kty, crv):
        raise UnusableKeyError(SkipReason.UNSUPPORTED_CURVE)
    return crv


def _algorithms(jwk: Mapping[str, Any], kty: str, crv: str | None) -> frozenset[str]:
    fitting = algorithms_for(kty, crv)
    if "alg" not in jwk:
        return fitting
    algorithm = _string(jwk, "alg")
    if algorithm not in ASYMMETRIC_ALGORITHMS:
        raise UnusableKeyError(SkipReason.UNSUPPORTED_ALGORITHM)
    if algorithm not in fitting:
        raise UnusableKeyError(SkipReason.ALGORITHM_DOES_NOT_FIT)
    # EdDSA and Ed25519 are two names of one algorithm (RFC 9864, section 2.2): an issuer may
    # rename its keys before its tokens, or the other way round.
    return fitting if kty == "OKP" else frozenset({algorithm})


def _rsa(jwk: Mapping[str, Any], max_exponent_bits: int) -> _Material:
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
    return _Material(RSAPublicNumbers(e, n).public_key(), required)


def _minimal(number: int) -> str:
    return b64url_encode(number.to_bytes((number.bit_length() + 7) // 8))


def _ec(jwk: Mapping[str, Any], crv: str) -> _Material:
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
    return _Material(public_key, required)


def _okp(jwk: Mapping[str, Any], crv: str) -> _Material:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    x = _octets(jwk, "x")
    y = int.from_bytes(x, "little") & (2**255 - 1)
    if len(x) == _ED25519_OCTETS and y % _ED25519_P in _ED25519_SMALL_ORDER_Y:
        raise UnusableKeyError(SkipReason.POINT_OF_SMALL_ORDER)
    try:
        public_key = Ed25519PublicKey.from_public_bytes(x)
    except ValueError:
        raise UnusableKeyError(SkipReason.MALFORMED_MEMBER) from None
    return _Material(public_key, {"kty": "OKP", "crv": crv, "x": b64url_encode(x)})
