from collections.abc import Callable

from asgi_jwks import Reason


def test_jku_within_the_network(outcome_of: Callable[[str], object]) -> None:
    """D6: the address of a machine that only the server reaches."""
    assert outcome_of("jku_within_the_network") == (401, Reason.UNKNOWN_KEY)
