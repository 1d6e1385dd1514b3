from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_in_another_case(outcome_of: Callable[[str], object]) -> None:
    """D7: the issuer's key id in another case."""
    assert outcome_of("kid_in_another_case") == (401, Reason.UNKNOWN_KEY)
