from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_with_sha512(outcome_of: Callable[[str], object]) -> None:
    """D3: RSA with SHA-512 by the issuer's own key."""
    assert outcome_of("signature_with_sha512") == (401, Reason.BAD_SIGNATURE)
