from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_with_sha1(outcome_of: Callable[[str], object]) -> None:
    """D3: RSA with SHA-1 by the issuer's own key."""
    assert outcome_of("signature_with_sha1") == (401, Reason.BAD_SIGNATURE)
