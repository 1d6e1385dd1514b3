"""Keys of trusted issuers, refreshed in the background while a block runs.

It knows neither options nor frameworks.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol, TypeVar

import anyio

from asgi_jwks.errors import KeySetError

__all__ = ["Refreshable", "refreshing"]

_log: Final = logging.getLogger("asgi_jwks.keys")


class Refreshable(Protocol):
    """A holder of keys, as far as they are fetched and refreshed."""

    async def warm(self) -> None:
        """Have all keys at hand. Raises KeySetError."""
        ...

    async def keep_fresh(self) -> None:
        """Refresh keys whenever they are due, until cancelled."""
        ...

    async def aclose(self) -> None:
        """Cancel the refreshes in progress in this event loop."""
        ...


_Holder = TypeVar("_Holder", bound=Refreshable)


@asynccontextmanager
async def refreshing(holder: _Holder, *, require_keys: bool) -> AsyncIterator[_Holder]:
    """Fetch keys, keep them fresh while the block runs, and leave nothing running behind it.

    Args:
        holder: has the keys; the block is given it.
        require_keys: raise where keys are unavailable at the start, instead of a log line.

    Raises:
        KeySetError: keys are required and unavailable.
    """
    fault: BaseException | None = None
    try:
        try:
            await holder.warm()
        except KeySetError as error:
            if require_keys:
                raise
            text = "starting without the issuer's keys; tokens get 503 until they come: %s"
            _log.warning(text, error)
        cancelled = anyio.get_cancelled_exc_class()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_keep_fresh, holder)
            try:
                yield holder
            except cancelled:
                raise
            # Kept for outside the task group, which would wrap it: it is the block's own.
            except BaseException as error:
                fault = error
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await holder.aclose()
    if fault is not None:
        raise fault


async def _keep_fresh(holder: Refreshable) -> None:
    try:
        await holder.keep_fresh()
    # Key sources may be somebody else's: that one fails must not take the application down.
    except Exception:
        _log.exception("the keys are no longer refreshed without requests")
