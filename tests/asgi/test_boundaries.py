"""Edges of this room: values that all requests share, and sets with one or no member."""

import pytest

from asgi_jwks.asgi.bearer import AuthorizationHeader, Cookie, WebSocketSubprotocol
from asgi_jwks.asgi.challenge import CHALLENGES, Refusal
from asgi_jwks.asgi.paths import PublicPaths


@pytest.mark.parametrize(
    "value",
    [AuthorizationHeader(), Cookie("token"), WebSocketSubprotocol(), Refusal(401, (), b"")],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_this_room_stays_what_it_is(value: object) -> None:
    """Nothing is changed, and nothing is added."""
    for name in (*type(value).__annotations__, "another"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(value, name, None)
    assert not hasattr(value, "__dict__")


def test_the_scope_key_of_the_challenges_stays_what_it_is() -> None:
    """Middleware of different versions of this package may stand around one application."""
    assert CHALLENGES == "asgi_jwks.challenges"


@pytest.mark.parametrize("path", ["/health", "/static/*"])
def test_public_paths_are_some_as_soon_as_there_is_one(path: str) -> None:
    """B11: the middleware does not even ask where there are none."""
    assert PublicPaths([path])
    assert not PublicPaths([])


def test_public_paths_may_come_from_an_iterator() -> None:
    """B11: it is read once."""
    paths = PublicPaths(iter(["/health", "/static/*"]))
    assert paths.match({"path": "/health"}) is True
    assert paths.match({"path": "/static/a"}) is True
    assert paths.match({"path": "/static/a", "raw_path": b"/static%2fa"}) is False
