"""The command line: its commands, their options and their exit status.

It does not know what a command does: each has a module of its own, imported when it is called.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from asgi_jwks._version import __version__

__all__ = ["main"]

# The packages of the extra `cli`, which `demo` needs beyond the package itself.
_EXTRA: Final = ("rich", "uvicorn")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`, that of the process unless given; returns the exit status.

    0: all is right. 1: an answer of the demo was wrong, or the text to inspect is not a token.
    2: the command could not be carried out. 130: Ctrl-C was pressed before it was done.
    """
    arguments = _parser().parse_args(argv)
    if arguments.command == "inspect":
        return _inspect(arguments)
    return _demo(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asgi-jwks", description="ASGI middleware that verifies an issuer's access tokens."
    )
    parser.add_argument("--version", action="version", version=f"asgi-jwks {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="show the middleware at work, over real HTTP",
        description="Start a mock issuer and a protected API on two loopback ports, send the API "
        "good and bad tokens, and show its answers. Time is simulated: nobody waits. Exit status "
        "0 if every answer was right, else 1.",
    )
    demo.add_argument(
        "--serve",
        action="store_true",
        help="leave both running afterwards; prints curl lines with fresh tokens, and how to "
        "point an app of your own at the issuer",
    )
    demo.add_argument(
        "--verbose", action="store_true", help="show each request with its whole answer"
    )
    for name, server in (("--api-port", "protected API"), ("--issuer-port", "mock issuer")):
        demo.add_argument(
            name,
            type=_port,
            default=0,
            metavar="PORT",
            help=f"loopback port of the {server}; a free one unless given",
        )
    inspect = commands.add_parser(
        "inspect",
        help="print the header and the claims of a token, without verifying it",
        description="Print the header and the claims of a token. Nothing is verified, and the "
        "signature is not shown.",
    )
    inspect.add_argument(
        "token", metavar="TOKEN", help="the token, or - to read it from standard input"
    )
    return parser


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
    return port


def _demo(arguments: argparse.Namespace) -> int:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        needs = " and ".join(missing)
        print(f"The demo needs {needs}. Run: pip install 'asgi-jwks[cli]'", file=sys.stderr)
        return 2
    from asgi_jwks.cli.demo.report import Report
    from asgi_jwks.cli.demo.run import run

    try:
        right = run(
            Report(verbose=arguments.verbose),
            api_port=arguments.api_port,
            issuer_port=arguments.issuer_port,
            serve=arguments.serve,
        )
    except OSError as error:
        print(f"The demo cannot listen on a port: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0 if right else 1


def _inspect(arguments: argparse.Namespace) -> int:
    from asgi_jwks.cli.inspect import NotAToken, inspect

    token = sys.stdin.read() if arguments.token == "-" else arguments.token
    try:
        print(inspect(token))
    except NotAToken as error:
        print(error, file=sys.stderr)
        return 1
    return 0
