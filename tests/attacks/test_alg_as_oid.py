from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_as_oid(outcome_of: Callable[[str], object]) -> None:
    """D3: alg as the XML signature algorithm of the same name."""
    assert outcome_of("alg_as_oid") == (401, Reason.ALGORITHM_NOT_ALLOWED)
