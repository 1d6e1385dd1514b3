from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_template_injection(outcome_of: Callable[[str], object]) -> None:
    """D7: placeholders."""
    assert outcome_of("kid_template_injection") == (401, Reason.UNKNOWN_KEY)
