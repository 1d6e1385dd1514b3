"""One contender behind uvicorn, in a process of its own.

What lives only here: the server's settings, the same for everybody.
What it does not know: who sends requests, and how many.

Run as a program (`served CONTENDER JWKS_URI`) it writes its port to standard output.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import Receive, Scope, Send

from .contenders import CONTENDERS, NO_AUTH, Trust
from .driver import bare_app
from .tokens import AUDIENCE, ISSUER


@contextmanager
def serving_contender(contender: str, jwks_uri: str) -> Iterator[tuple[int, int]]:
    """The port and the process id of a server that runs until the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, contender, jwks_uri], stdout=subprocess.PIPE, text=True
    )
    if process.stdout is None:
        raise RuntimeError("the server was started without a pipe")
    try:
        port = process.stdout.readline()
        if not port:
            raise RuntimeError(f"the server with {contender} did not start")
        yield int(port), process.pid
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "lifespan":
        await bare_app(scope, receive, send)
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def main() -> None:
    """Serve one contender until terminated."""
    name, jwks_uri = sys.argv[1:]
    contender = next(c for c in (NO_AUTH, *CONTENDERS) if c.name == name)
    app = contender.wrap(_app, Trust(ISSUER, AUDIENCE, jwks_uri))
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
