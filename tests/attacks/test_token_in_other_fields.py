from collections.abc import Callable

from asgi_jwks import Reason


def test_token_in_other_fields(outcome_of: Callable[[str], object]) -> None:
    """A5, A10: a good token in fields that proxies use."""
    assert outcome_of("token_in_other_fields") == (401, Reason.MISSING_TOKEN)
