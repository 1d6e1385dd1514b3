from collections.abc import Callable

from asgi_jwks import Reason


def test_header_with_an_escaped_second_alg(outcome_of: Callable[[str], object]) -> None:
    """D2: a second alg, spelt with an escape."""
    assert outcome_of("header_with_an_escaped_second_alg") == (401, Reason.MALFORMED)
