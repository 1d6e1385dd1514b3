from collections.abc import Callable

from asgi_jwks import Reason


def test_typ_entity_statement(outcome_of: Callable[[str], object]) -> None:
    """D9, G8: a statement of OpenID Federation."""
    assert outcome_of("typ_entity_statement") == (401, Reason.WRONG_TYPE)
