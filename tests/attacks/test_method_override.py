from collections.abc import Callable

from asgi_jwks import Reason


def test_method_override(outcome_of: Callable[[str], object]) -> None:
    """B10: a field that makes some frameworks see OPTIONS."""
    assert outcome_of("method_override") == (401, Reason.MISSING_TOKEN)
