"""A real HTTP server on a loopback port, in a thread, for any ASGI application.

It stops at once, even while requests hang. It does not know issuers or tokens. uvicorn is imported
when a server starts, not before.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import anyio
from starlette.types import ASGIApp, Receive, Scope, Send

from asgi_jwks.testing.hang_up import HangUp

if TYPE_CHECKING:
    import uvicorn

__all__ = ["LoopbackServer", "serve_app"]

# Seconds to wait for the application's start-up, and for the thread to end.
_PATIENCE = 10.0
# Turns of the event loop in which cancelled requests end, but for those that clean up for long.
_TURNS = 100
# A connection that was accepted just now is known a few turns later.
_QUIET_TURNS = 10


def _nothing_waits() -> None:
    """The end of a wait that has not begun."""


@contextmanager
def serve_app(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` while the block runs; yields its URL without a trailing slash.

    Port 0 lets the system choose. Raises RuntimeError when the application fails to start, and
    OSError when the port is taken. WebSockets work when the `websockets` package is installed.
    """
    server = LoopbackServer(app, host=host, port=port)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


class LoopbackServer:
    """One application on one listening socket: `start()`, `url`, `stop()`, once each."""

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._requests: set[anyio.CancelScope] = set()
        self._ready = threading.Event()
        self._server = self._new_server()
        self._thread: threading.Thread | None = None
        self._end_wait: Callable[[], object] = _nothing_waits

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash. The port is known once `start()` was called."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> None:
        """Listen, and return when the application has started."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.create_server((self._host, self._port), family=family) as listening:
            self._port = listening.getsockname()[1]
            # The server closes the socket that it is given, at its own time.
            sockets = [listening.dup()]
        self._thread = threading.Thread(
            target=self._run, args=(sockets,), name=f"serving {self.url}", daemon=True
        )
        self._thread.start()
        self._ready.wait(_PATIENCE)
        if not self._server.started:
            self.stop()
            sockets[0].close()
            raise RuntimeError(
                "the application did not start; its lifespan failed or took too long"
            )

    def stop(self) -> None:
        """Drop every connection, end every request, close the socket and join the thread."""
        if self._thread is None:
            return
        self._server.should_exit = True
        # The loop may have closed: the server is told to exit twice, or its lifespan failed.
        with suppress(RuntimeError):
            self._end_wait()
        self._thread.join(_PATIENCE)

    def _run(self, sockets: list[socket.socket]) -> None:
        try:
            # SystemExit is how uvicorn says that the lifespan failed; start() looks at that.
            with suppress(SystemExit):
                self._server.run(sockets=sockets)
        finally:
            self._ready.set()

    def _new_server(self) -> "uvicorn.Server":
        import uvicorn

        loopback = self

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                loopback._ready.set()

            async def main_loop(self) -> None:
                # It looks 10 times a second whether it should exit: a stop need not wait for that.
                loop = asyncio.get_running_loop()
                with anyio.CancelScope() as waiting:
                    loopback._end_wait = lambda: loop.call_soon_threadsafe(waiting.cancel)
                    await super().main_loop()

            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                # A server of asyncio that is closed drops a connection that it is just accepting,
                # and leaves its socket open: first no more are accepted, and then it is closed.
                for accepting in (each for server in self.servers for each in server.sockets):
                    # A loop that has no readers (Windows) goes on to accept.
                    with suppress(NotImplementedError):
                        asyncio.get_running_loop().remove_reader(accepting.fileno())
                for _ in range(_QUIET_TURNS):
                    await asyncio.sleep(0)
                for listening in (*self.servers, *(sockets or ())):
                    listening.close()
                quiet = 0
                for _ in range(_TURNS):
                    for connection in list(self.server_state.connections):
                        connection.transport.abort()
                    for request in list(loopback._requests):
                        request.cancel()
                    busy = self.server_state.connections or self.server_state.tasks
                    quiet = 0 if busy else quiet + 1
                    if quiet == _QUIET_TURNS:
                        await self.lifespan.shutdown()
                        return
                    await asyncio.sleep(0)
                # It waits for requests that clean up for long, and looks 10 times a second.
                await super().shutdown(sockets)

        # The loop and the protocol are named so that a run does not depend on what else happens
        # to be installed; the logging of the process is left as it is.
        config = uvicorn.Config(
            self._guarded,
            interface="asgi3",
            loop="asyncio",
            http="h11",
            proxy_headers=False,
            log_config=None,
            access_log=False,
        )
        return Server(config)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        with anyio.CancelScope() as request:
            self._requests.add(request)
            try:
                await self._app(scope, receive, send)
            except HangUp:
                await self._hang_up(scope, receive)
            finally:
                self._requests.discard(request)

    async def _hang_up(self, scope: Scope, receive: Receive) -> None:
        """Close the connection of this request once all sent data is on its way."""
        for connection in self._server.server_state.connections:
            peer = connection.transport.get_extra_info("peername")
            if peer and tuple(peer[:2]) == tuple(scope["client"]):
                connection.transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass
