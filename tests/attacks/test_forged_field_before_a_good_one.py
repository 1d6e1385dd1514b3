from collections.abc import Callable

from asgi_jwks import Reason


def test_forged_field_before_a_good_one(outcome_of: Callable[[str], object]) -> None:
    """A3: two fields, for whoever checks one and uses the other."""
    assert outcome_of("forged_field_before_a_good_one") == (400, Reason.REPEATED_CREDENTIALS)
