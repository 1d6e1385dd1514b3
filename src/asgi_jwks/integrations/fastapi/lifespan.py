"""The keys of a dependency, kept fresh for as long as a FastAPI application runs.

Where the middleware is around the application, this is its part.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from fastapi import FastAPI

from asgi_jwks.access_token_verifier import AccessTokenVerifier
from asgi_jwks.asgi.authentication import Authentication

__all__ = ["run_with_keys"]


def run_with_keys(
    app: FastAPI,
    authentication: Authentication | None,
    at_start: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Add to the lifespan of `app`: at its start `at_start` and warming, then keeping fresh."""
    lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan_with_keys(app: FastAPI) -> AsyncIterator[Any]:
        if authentication is None:
            await at_start()
            async with lifespan(app) as state:
                yield state
            return
        verifier = authentication.verifier
        await _at_once(at_start, verifier)
        required = authentication.require_keys_at_startup
        async with verifier.running(require_keys=required), lifespan(app) as state:
            yield state

    app.router.lifespan_context = lifespan_with_keys


async def _at_once(
    at_start: Callable[[], Coroutine[Any, Any, None]], verifier: AccessTokenVerifier
) -> None:
    """Start and warm in the time that the longer of them takes."""

    async def warm() -> None:
        # `running` asks again, which the backoff makes quick, and tells what is wrong.
        with suppress(Exception):
            await verifier.warm()

    fault: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(warm)
        try:
            await at_start()
        # Kept for outside the task group, which would wrap it.
        except Exception as error:
            fault = error
    if fault is not None:
        raise fault
