from collections.abc import Callable

from asgi_jwks import Reason


def test_dpop_scheme(outcome_of: Callable[[str], object]) -> None:
    """A9: a good token under the scheme DPoP, without a proof."""
    assert outcome_of("dpop_scheme") == (401, Reason.MISSING_TOKEN)
