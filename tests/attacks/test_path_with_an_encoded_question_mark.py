from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_an_encoded_question_mark(outcome_of: Callable[[str], object]) -> None:
    """B11: an encoded query."""
    assert outcome_of("path_with_an_encoded_question_mark") == (401, Reason.MISSING_TOKEN)
