from collections.abc import Callable

from asgi_jwks import Reason


def test_digest_scheme(outcome_of: Callable[[str], object]) -> None:
    """A9: the scheme Digest."""
    assert outcome_of("digest_scheme") == (401, Reason.MISSING_TOKEN)
