from collections.abc import Callable

from asgi_jwks import Reason


def test_hmac_with_dev_null(outcome_of: Callable[[str], object]) -> None:
    """D3, D7: HMAC with the content of the file that the key id names."""
    assert outcome_of("hmac_with_dev_null") == (401, Reason.ALGORITHM_NOT_ALLOWED)
