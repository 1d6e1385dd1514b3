from collections.abc import Callable

from asgi_jwks import Reason


def test_jku_that_begins_like_the_issuer(outcome_of: Callable[[str], object]) -> None:
    """D6: an address that begins with the issuer's."""
    assert outcome_of("jku_that_begins_like_the_issuer") == (401, Reason.UNKNOWN_KEY)
