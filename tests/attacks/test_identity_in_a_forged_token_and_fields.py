from collections.abc import Callable

from asgi_jwks import Reason


def test_identity_in_a_forged_token_and_fields(outcome_of: Callable[[str], object]) -> None:
    """A10, D3: an unsigned token next to the field of a gateway that verifies tokens."""
    assert outcome_of("identity_in_a_forged_token_and_fields") == (
        401,
        Reason.ALGORITHM_NOT_ALLOWED,
    )
