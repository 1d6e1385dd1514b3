from collections.abc import Callable

from asgi_jwks import Reason


def test_key_of_a_list_of_algorithms(outcome_of: Callable[[str], object]) -> None:
    """E2: an alg that is no string."""
    assert outcome_of("key_of_a_list_of_algorithms") == (401, Reason.UNKNOWN_KEY)
