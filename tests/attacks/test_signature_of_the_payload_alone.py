from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_of_the_payload_alone(outcome_of: Callable[[str], object]) -> None:
    """D1: a signature by the issuer that leaves the header out."""
    assert outcome_of("signature_of_the_payload_alone") == (401, Reason.BAD_SIGNATURE)
