from dataclasses import FrozenInstanceError, fields

import pytest

from asgi_jwks import Reason
from asgi_jwks.errors import Advice
from asgi_jwks.events import OTHER_ISSUER, Hint, RequestRefused, Unavailable


def test_an_event_is_frozen_and_has_no_field_for_a_token() -> None:
    """N1, H1"""
    advice = Advice(Hint.AUDIENCE, lambda: "the token's aud is 'x'.")
    event = RequestRefused(
        issuer=OTHER_ISSUER, advice=advice, reason=Reason.WRONG_AUDIENCE, status=401
    )
    with pytest.raises(FrozenInstanceError):
        event.status = 200  # type: ignore[misc]  # it is frozen
    names = {field.name for field in fields(event)}
    assert names == {"issuer", "advice", "reason", "status", "needed"}
    assert "aud" not in repr(event).replace("audience", "")


def test_an_outage_is_answered_with_503() -> None:
    """N1, B7"""
    advice = Advice(Hint.KEYS_UNAVAILABLE, lambda: "the endpoint does not answer.")
    assert Unavailable(issuer=OTHER_ISSUER, advice=advice, retry_after=2.0).status == 503


def test_advice_is_put_together_when_it_is_read() -> None:
    """N1: most refusals are answered and never printed."""
    read: list[int] = []

    def words() -> str:
        read.append(1)
        return "it is wrong."

    advice = Advice(Hint.SCOPE, words)
    assert read == []
    assert advice.sentence == "it is wrong."
    assert read == [1]
