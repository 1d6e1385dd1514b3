"""Keys of shared secrets that stand in a document, which the package takes as no secret."""

from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.key import VerificationKey

__all__ = ["published_symmetric_key"]


def published_symmetric_key(secret: bytes, algorithm: str) -> VerificationKey:
    """As `symmetric_key`, for the test vectors of a document; ValueError if it is too short."""
    if len(secret) < int(algorithm[2:]) // 8:
        raise ValueError("shorter than the hash")
    return VerificationKey.of(
        secret,
        kid=None,
        algorithms=frozenset({algorithm}),
        required_members={"kty": "oct", "k": b64url_encode(secret)},
    )
