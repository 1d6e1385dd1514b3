from collections.abc import Callable

from asgi_jwks import Reason


def test_token_scheme(outcome_of: Callable[[str], object]) -> None:
    """A9: a good token under a scheme of somebody else."""
    assert outcome_of("token_scheme") == (401, Reason.MISSING_TOKEN)
