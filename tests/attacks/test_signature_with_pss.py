from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_with_pss(outcome_of: Callable[[str], object]) -> None:
    """D3: RSA-PSS under the name of RS256."""
    assert outcome_of("signature_with_pss") == (401, Reason.BAD_SIGNATURE)
