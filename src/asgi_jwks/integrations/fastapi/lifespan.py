"""The keys of a dependency, kept fresh for as long as a FastAPI application runs.

What lives only here: what is added to an application's lifespan. What it does not know: how keys
are kept fresh. Where the middleware is around the application, this is its part.
"""

import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
from fastapi import FastAPI

from asgi_jwks.errors import KeySetError
from asgi_jwks.tokens.verifier import AccessTokenVerifier

__all__ = ["run_with_keys"]

_log: Final = logging.getLogger("asgi_jwks.keys")


def run_with_keys(
    app: FastAPI,
    verifier: AccessTokenVerifier | None,
    at_start: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Add to the lifespan of `app`: at its start `at_start` and warming, then keeping fresh."""
    lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan_with_keys(app: FastAPI) -> AsyncIterator[Any]:
        async with lifespan(app) as state, _running(verifier, at_start):
            yield state

    app.router.lifespan_context = lifespan_with_keys


@asynccontextmanager
async def _running(
    verifier: AccessTokenVerifier | None, at_start: Callable[[], Coroutine[Any, Any, None]]
) -> AsyncIterator[None]:
    async with anyio.create_task_group() as start:
        start.start_soon(at_start)
        if verifier is not None:
            start.start_soon(_warm, verifier)
    if verifier is None:
        yield
        return
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(verifier.keep_fresh)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
    with anyio.CancelScope(shield=True):
        await verifier.aclose()


async def _warm(verifier: AccessTokenVerifier) -> None:
    try:
        await verifier.warm()
    except KeySetError as error:
        _log.warning("starting without the issuer's keys: %s", error)
