from dataclasses import FrozenInstanceError, fields

import pytest

from asgi_jwks import Reason
from asgi_jwks.errors import Advice
from asgi_jwks.events import (
    OTHER_ISSUER,
    UNAVAILABLE,
    Hint,
    RequestLabels,
    RequestRefused,
    Unavailable,
)


def advise() -> Advice:
    return Advice(Hint.AUDIENCE, lambda: "the token's aud is 'x'.")


def test_an_event_is_frozen_and_has_no_field_for_a_token() -> None:
    """N1, H1"""
    labels = RequestLabels("https://issuer.example/", "bearer", "websocket")
    event = RequestRefused(labels, advise=advise, reason=Reason.WRONG_AUDIENCE, status=401)
    with pytest.raises(FrozenInstanceError):
        event.status = 200  # type: ignore[misc]  # it is frozen
    names = {field.name for field in fields(event)}
    assert names == {"labels", "advise", "reason", "status", "needed"}
    assert "aud" not in repr(event).replace("audience", "")
    assert (event.issuer, event.scheme, event.connection) == tuple(labels)
    assert (event.cause, event.advice.hint) == ("wrong_audience", Hint.AUDIENCE)


def test_an_outage_is_answered_with_503() -> None:
    """N1, B7"""
    event = Unavailable(RequestLabels(), advise=advise, retry_after=2.0)
    assert (event.status, event.cause, event.issuer) == (503, UNAVAILABLE, OTHER_ISSUER)


def test_advice_is_put_together_when_it_is_read() -> None:
    """N1: most refusals are answered and never printed."""
    read: list[str] = []

    def worked_out() -> Advice:
        read.append("hint")
        return Advice(Hint.SCOPE, words)

    def words() -> str:
        read.append("words")
        return "it is wrong."

    event = RequestRefused(
        RequestLabels(), advise=worked_out, reason=Reason.WRONG_AUDIENCE, status=401
    )
    assert read == []
    advice = event.advice
    assert read == ["hint"]
    assert advice.sentence == "it is wrong."
    assert read == ["hint", "words"]
