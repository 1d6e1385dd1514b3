from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_client_authentication(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a client's assertion."""
    assert outcome_of("typ_client_authentication") == (401, Reason.WRONG_TYPE)
