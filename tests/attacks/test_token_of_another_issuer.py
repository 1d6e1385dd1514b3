from collections.abc import Callable

from asgi_jwks import Reason


def test_token_of_another_issuer(outcome_of: Callable[[str], object]) -> None:
    """E5, G5: a token of another issuer, under the same key id."""
    assert outcome_of("token_of_another_issuer") == (401, Reason.UNKNOWN_ISSUER)
