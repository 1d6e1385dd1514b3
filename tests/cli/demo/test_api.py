import pytest

from asgi_jwks import JWTBearerMiddleware, SharedSecret
from asgi_jwks.cli.demo.api import SimulatedClock, key_set_of, protected_api


def test_the_key_set_of_the_api_is_the_one_that_it_fetches() -> None:
    api = protected_api("https://idp.example/", audience="api", clock=SimulatedClock())
    assert key_set_of(api).name == "https://idp.example/"


async def app(*_: object) -> None:
    """An application."""


def test_an_api_of_another_kind_has_none() -> None:
    secret = SharedSecret(bytes(range(32)))
    other = JWTBearerMiddleware(app, issuer="a", audience="api", keys=secret)
    with pytest.raises(TypeError, match="no RemoteJWKSet"):
        key_set_of(other)
