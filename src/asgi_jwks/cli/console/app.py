"""The console as an ASGI application: a page, its requests, a stream of states.

It knows HTTP, and nothing of keys or tokens: those are the laboratory's.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from asgi_jwks.cli.console.access import ConsoleAccess
from asgi_jwks.cli.console.laboratory import Laboratory
from asgi_jwks.errors import ConfigurationError

__all__ = ["console_app"]

_STATIC: Final = Path(__file__).parent / "static"

# A token of 16 KiB, and its claims once more, in JSON.
_LARGEST_BODY: Final = 65_536

# One person has a few tabs open; more streams than that are a mistake.
_MOST_STREAMS: Final = 8

# Seconds between two looks at the state: events come from any thread and any event loop.
_LOOK: Final = 0.25
# A state is sent this often even where nothing happened, for the clock goes on.
_LOOKS_BETWEEN_STATES: Final = 4

Action = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
Members = dict[str, tuple[type, ...]]

_TEXT: Final = (str,)
_NUMBER: Final = (int, float)
_MINT: Final[Members] = {
    "shape": _TEXT,
    "forgery": _TEXT,
    "scopes": _TEXT,
    "lifetime": _NUMBER,
    "claims": (dict,),
    "header": (dict,),
}


def console_app(laboratory: Laboratory, *, token: str) -> ConsoleAccess:
    """The console of a laboratory, for whoever knows the token."""
    streams = _Streams(laboratory)

    async def page(_: Request) -> Response:
        return FileResponse(_STATIC / "index.html", media_type="text/html; charset=utf-8")

    async def choices(_: Request) -> Response:
        return JSONResponse(asdict(laboratory.choices()))

    async def mint(wanted: dict[str, Any]) -> dict[str, Any]:
        return {"token": laboratory.mint(**wanted)}

    async def send(wanted: dict[str, Any]) -> dict[str, Any]:
        return asdict(await laboratory.send(**wanted))

    def changing(change: Callable[..., None]) -> Action:
        async def action(wanted: dict[str, Any]) -> dict[str, Any]:
            change(**wanted)
            return {}

        return action

    actions: dict[str, tuple[Action, Members]] = {
        "mint": (mint, _MINT),
        "send": (send, {"token": _TEXT, "path": _TEXT}),
        "keys": (changing(laboratory.change_keys), {"way": _TEXT, "kid": _TEXT}),
        "fault": (changing(laboratory.put_fault), {"text": _TEXT}),
        "mend": (changing(laboratory.mend), {"endpoint": _TEXT}),
        "cache-control": (
            changing(laboratory.set_cache_control),
            {"value": (str, type(None))},
        ),
        "clock": (changing(laboratory.advance), {"seconds": _NUMBER}),
    }
    routes = [
        Route("/", page),
        Route("/choices", choices),
        Route("/events", streams.answer),
        *(
            Route(f"/{name}", _acting(action, members), methods=["POST"])
            for name, (action, members) in actions.items()
        ),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
    return ConsoleAccess(Starlette(routes=routes), token=token)


def _acting(action: Action, members: Members) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that takes a JSON object of these members and answers with JSON."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await action(await _wanted(request, members)))
        except ConfigurationError as error:
            return JSONResponse({"error": f"{error}"}, 400)

    return endpoint


async def _wanted(request: Request, members: Members) -> dict[str, Any]:
    if request.headers.get("content-type") != "application/json":
        raise ConfigurationError("The console takes application/json.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise ConfigurationError(f"The console takes up to {_LARGEST_BODY} bytes.")
    try:
        wanted = json.loads(body)
    except (ValueError, RecursionError):
        wanted = None
    if (
        not isinstance(wanted, dict)
        or wanted.keys() != members.keys()
        or not all(_is_of(wanted[name], kinds) for name, kinds in members.items())
    ):
        raise ConfigurationError(f"The console takes a JSON object of {', '.join(members)}.")
    return wanted


def _is_of(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


class _Streams:
    """States as server-sent events (HTML Living Standard, section 9.2), to a few pages at once."""

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory: Final = laboratory
        self._open = 0

    async def answer(self, _: Request) -> Response:
        """A stream that ends when the page leaves."""
        if self._open >= _MOST_STREAMS:
            return JSONResponse({"error": "Too many pages of the console are open."}, 503)
        return StreamingResponse(self._states(), media_type="text/event-stream")

    async def _states(self) -> AsyncIterator[str]:
        life = self._laboratory.life
        told, looks = -1, 0
        self._open += 1
        try:
            while True:
                if told != life.count or looks % _LOOKS_BETWEEN_STATES == 0:
                    told = life.count
                    yield f"data: {json.dumps(asdict(self._laboratory.state()))}\n\n"
                looks += 1
                await anyio.sleep(_LOOK)
        finally:
            self._open -= 1
