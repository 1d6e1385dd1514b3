from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_logout(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a logout token (OpenID Connect Back-Channel Logout)."""
    assert outcome_of("typ_logout") == (401, Reason.WRONG_TYPE)
