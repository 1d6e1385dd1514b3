"""A JWKS endpoint on loopback, in a process of its own.

What lives only here: how the contenders' keys are served. It is a process and not a thread, so
that no CPU time spent on serving is ever counted for a contender that fetches.
What it does not know: which contender asks.

Run as a program it reads the document from standard input and writes its port to standard output.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(jwks: dict[str, object]) -> Iterator[str]:
    """The URL at which `jwks` is served until the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the JWKS endpoint was started without pipes")
    try:
        process.stdin.write(json.dumps(jwks))
        process.stdin.close()
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}/.well-known/jwks.json"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def main() -> None:
    """Serve standard input at every path until terminated."""
    document = sys.stdin.read().encode()

    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/jwk-set+json")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: one line per fetch would drown the table."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
