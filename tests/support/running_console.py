"""A mock issuer, an API that trusts it, and their console, over real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from asgi_jwks.cli.console.serving import served_console, served_laboratory
from asgi_jwks.testing import MockIssuer, SigningKey

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
    with (
        issuer.serve(),
        served_laboratory(issuer) as laboratory,
        served_console(laboratory) as page,
    ):
        yield RunningConsole(page, issuer, laboratory.api)
