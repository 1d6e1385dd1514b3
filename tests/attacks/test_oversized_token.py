from collections.abc import Callable

from asgi_jwks import Reason


def test_oversized_token(outcome_of: Callable[[str], object]) -> None:
    """A7: a token that the issuer signed, of more than 16 KiB."""
    assert outcome_of("oversized_token") == (400, Reason.TOKEN_TOO_LARGE)
