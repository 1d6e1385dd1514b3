"""A console that runs, with its issuer and its API, over real sockets."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from asgi_jwks.cli.console.laboratory import Laboratory
from asgi_jwks.cli.console.life import Life
from asgi_jwks.cli.console.serving import served_console
from asgi_jwks.cli.demo.api import SimulatedClock, key_set_of, protected_api
from asgi_jwks.testing import MockIssuer, SigningKey, serve_app

KEY = SigningKey.generate("RS256", kid="the-first-key")


class RunningConsole(NamedTuple):
    """Its URL, and the issuer."""

    url: str
    issuer: MockIssuer


@pytest.fixture
def console() -> Iterator[RunningConsole]:
    issuer = MockIssuer(key=KEY)
    clock = SimulatedClock()
    life = Life(clock)
    with issuer.serve() as url:
        api = protected_api(
            url,
            audience=str(issuer.audience),
            clock=clock,
            listener=life.heard,
            on_refused=life.refused,
        )
        with serve_app(api) as api_url:
            laboratory = Laboratory(
                issuer=issuer,
                verifier=api.verifier,
                keys=key_set_of(api),
                life=life,
                clock=clock,
                api=api_url,
            )
            with served_console(laboratory) as page:
                yield RunningConsole(page, issuer)
