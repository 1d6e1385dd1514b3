"""Public keys and certificates in PEM (RFC 7468), as published JWKs.

A key that is given so is judged by the same rules as one from a JWK Set.
"""

from typing import Any, Final

from asgi_jwks.jose.encoding import b64url_encode

__all__ = ["is_pem", "jwk_of_pem"]

_BEGIN: Final = b"-----BEGIN "
_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def is_pem(text: bytes) -> bool:
    """Whether text begins as PEM does."""
    return text.lstrip().startswith(_BEGIN)


def jwk_of_pem(text: bytes, kid: str | None = None) -> dict[str, Any]:
    """The JWK of one public key or certificate.

    Raises ValueError: it is something else, such as a private key, or a key that no JWS is
    verified with here.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    if b"PRIVATE KEY" in text:
        raise ValueError("it is a private key; give the public one, and keep that one secret")
    if text.count(_BEGIN) != 1:
        raise ValueError('it has several keys; give each by its key id, {"key id": pem}')
    key: object
    if b"CERTIFICATE" in text:
        key = load_pem_x509_certificate(text).public_key()
    else:
        key = load_pem_public_key(text)
    named = {} if kid is None else {"kid": kid}
    if isinstance(key, RSAPublicKey):
        rsa = key.public_numbers()
        return {**named, "kty": "RSA", "n": _number(rsa.n), "e": _number(rsa.e)}
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES:
        point, size = key.public_numbers(), (key.key_size + 7) // 8
        x, y = (b64url_encode(number.to_bytes(size)) for number in (point.x, point.y))
        return {**named, "kty": "EC", "crv": _CURVES[key.curve.name], "x": x, "y": y}
    if isinstance(key, Ed25519PublicKey):
        octets = key.public_bytes_raw()
        return {**named, "kty": "OKP", "crv": "Ed25519", "x": b64url_encode(octets)}
    raise ValueError("no signature is verified with a key of this kind")


def _number(number: int) -> str:
    return b64url_encode(number.to_bytes((number.bit_length() + 7) // 8))
