"""A mock issuer, an API that trusts it, and their console, over real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from asgi_jwks.cli.console.laboratory import Laboratory
from asgi_jwks.cli.console.life import Life
from asgi_jwks.cli.console.serving import served_console
from asgi_jwks.cli.demo.api import SimulatedClock, key_set_of, protected_api
from asgi_jwks.testing import MockIssuer, SigningKey, serve_app

__all__ = ["RunningConsole", "running_console"]


class RunningConsole(NamedTuple):
    """Its URL, the issuer, and the API."""

    url: str
    issuer: MockIssuer
    api: str


@contextmanager
def running_console(key: SigningKey | None = None) -> Iterator[RunningConsole]:
    """An issuer, an API that trusts it, and their console, while the block runs."""
    issuer = MockIssuer(key=key)
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
                yield RunningConsole(page, issuer, api_url)
