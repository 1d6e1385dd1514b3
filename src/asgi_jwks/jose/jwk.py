"""One published JWK: a usable verification key, or the one reason why not.

The rules are those of RFC 7517, section 4 and RFC 7518, section 6; the reasons for skipping a key
are a closed list. Neither the document around the key nor its owner is known here. Members that no
rule names are ignored, x5c, x5t and x5u among them: they are never followed or trusted.
"""

from collections.abc import Mapping
from typing import Any, Final

from asgi_jwks.jose.algorithms import ASYMMETRIC_ALGORITHMS, algorithms_for
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.jose.key_material import MAX_EXPONENT_BITS, ec_key, okp_key, rsa_key, text_of
from asgi_jwks.jose.skip_reason import SkipReason, UnusableKeyError

__all__ = ["MAX_KID_LENGTH", "read_public_key"]

# RFC 7517, section 4.5 sets no bound. Thumbprints take 43 characters, ARNs and URLs under 200, the
# did:key form of an RSA key of 2048 bits 755, and one of 4096 bits some 1,450.
MAX_KID_LENGTH: Final = 2048

# RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1; RFC 8037, section 2.
_PRIVATE_MEMBERS: Final = ("d", "p", "q", "dp", "dq", "qi", "oth")


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
    kty = text_of(jwk, "kty")
    if kty == "oct" or "k" in jwk:
        raise UnusableKeyError(SkipReason.SYMMETRIC_KEY)
    if any(member in jwk for member in _PRIVATE_MEMBERS):
        raise UnusableKeyError(SkipReason.PRIVATE_KEY)
    kid = _kid(jwk)
    _check_use(jwk)
    crv = None if kty == "RSA" else _curve(jwk, kty)
    algorithms = _algorithms(jwk, kty, crv)
    if crv is None:
        material = rsa_key(jwk, max_exponent_bits)
    else:
        material = ec_key(jwk, crv) if kty == "EC" else okp_key(jwk, crv)
    return VerificationKey.of(
        material.public_key,
        kid=kid,
        algorithms=algorithms,
        required_members=material.required_members,
    )


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
    crv = text_of(jwk, "crv")
    if not algorithms_for(kty, crv):
        raise UnusableKeyError(SkipReason.UNSUPPORTED_CURVE)
    return crv


def _algorithms(jwk: Mapping[str, Any], kty: str, crv: str | None) -> frozenset[str]:
    fitting = algorithms_for(kty, crv)
    if "alg" not in jwk:
        return fitting
    algorithm = text_of(jwk, "alg")
    if algorithm not in ASYMMETRIC_ALGORITHMS:
        raise UnusableKeyError(SkipReason.UNSUPPORTED_ALGORITHM)
    if algorithm not in fitting:
        raise UnusableKeyError(SkipReason.ALGORITHM_DOES_NOT_FIT)
    # EdDSA and Ed25519 are two names of one algorithm (RFC 9864, section 2.2): an issuer may
    # rename its keys before its tokens, or the other way round.
    return fitting if kty == "OKP" else frozenset({algorithm})
