"""The keys of a dependency, kept fresh for as long as a FastAPI application runs.

Where the middleware is around the application, this is its part.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio
from fastapi import FastAPI

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
        async with anyio.create_task_group() as start:
            start.start_soon(at_start)
        if authentication is None:
            async with lifespan(app) as state:
                yield state
            return
        required = authentication.require_keys_at_startup
        async with authentication.verifier.running(require_keys=required), lifespan(app) as state:
            yield state

    app.router.lifespan_context = lifespan_with_keys
