from collections.abc import Callable

from asgi_jwks import Reason


def test_identity_in_fields(outcome_of: Callable[[str], object]) -> None:
    """A10: fields that say who the client is."""
    assert outcome_of("identity_in_fields") == (401, Reason.MISSING_TOKEN)
