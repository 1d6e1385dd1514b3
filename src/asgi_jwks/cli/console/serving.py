"""The servers of a laboratory: its API, and its console, whose URL has a token."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from asgi_jwks import DPoP
from asgi_jwks.cli.console.access import TOKEN_PARAMETER
from asgi_jwks.cli.console.app import console_app
from asgi_jwks.cli.console.laboratory import Laboratory
from asgi_jwks.cli.console.life import Life
from asgi_jwks.cli.demo.api import SimulatedClock, key_set_of, protected_api
from asgi_jwks.testing import MockIssuer, serve_app

__all__ = ["served_console", "served_laboratory"]


@contextmanager
def served_laboratory(
    issuer: MockIssuer, *, port: int = 0, dpop: DPoP | None = None
) -> Iterator[Laboratory]:
    """Serve an API that trusts an issuer; yields the laboratory that has both.

    Args:
        issuer: the issuer, which is served already.
        port: a loopback port of the API; 0 lets the system choose.
        dpop: the demands of the API on DPoP proofs.

    Raises:
        OSError: the port is taken.
    """
    clock = SimulatedClock()
    life = Life(clock)
    api = protected_api(
        issuer.issuer,
        audience=issuer.audience,
        clock=clock,
        # An issuer of another name is not found by its name.
        jwks_uri=None if issuer.issuer == issuer.url else issuer.jwks_uri,
        algorithms=[issuer.signing_key.algorithm],
        listener=life.heard,
        on_refused=life.refused,
        dpop=dpop,
    )
    with serve_app(api, port=port) as url:
        yield Laboratory(
            issuer=issuer,
            verifier=api.verifier,
            keys=key_set_of(api),
            life=life,
            clock=clock,
            api=url,
        )


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
