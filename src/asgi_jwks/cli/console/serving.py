"""The console on a loopback port, under a URL with its token."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from asgi_jwks.cli.console.access import TOKEN_PARAMETER
from asgi_jwks.cli.console.app import console_app
from asgi_jwks.cli.console.laboratory import Laboratory
from asgi_jwks.testing import serve_app

__all__ = ["served_console"]


@contextmanager
def served_console(laboratory: Laboratory, *, port: int = 0) -> Iterator[str]:
    """Serve the console while the block runs; yields the URL to open.

    Args:
        laboratory: the issuer and the API.
        port: a loopback port; 0 lets the system choose.

    Raises:
        OSError: the port is taken.
    """
    token = secrets.token_urlsafe(32)
    with serve_app(console_app(laboratory, token=token), port=port) as url:
        yield f"{url}/?{TOKEN_PARAMETER}={token}"
