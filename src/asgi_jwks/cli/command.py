"""The command line: which subcommands and options there are, and what exit status they end with.

What lives only here: argparse, and the sentence for an installation without the extra. What it
does not know: what the subcommands do; each is imported when it is called for.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from asgi_jwks._version import __version__

__all__ = ["main"]

# What `demo` needs beyond the package itself.
EXTRA = ("rich", "uvicorn")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status.

    0: everything went as it should. 1: something did not. 2: the command could not be carried
    out as it was written.
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
        help="show what the middleware does, over real HTTP",
        description="Start a mock issuer and a protected API on two loopback ports and play "
        "requests against them. Exit status 0 if every answer was as it should be, else 1.",
    )
    demo.add_argument(
        "--serve",
        action="store_true",
        help="leave both running afterwards, and print curl lines with fresh tokens",
    )
    for name, what in (("--api-port", "protected API"), ("--issuer-port", "mock issuer")):
        demo.add_argument(
            name,
            type=_port,
            default=0,
            metavar="PORT",
            help=f"loopback port of the {what}; any free one by default",
        )
    inspect = commands.add_parser(
        "inspect",
        help="print what a token says, without verifying it",
        description="Print header and claims of a token. Nothing is verified, and the signature "
        "is not shown.",
    )
    inspect.add_argument(
        "token", metavar="TOKEN", help="the token, or - to read it from standard input"
    )
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"a port is a number up to 65535, not {port}")
    return port


def _demo(arguments: argparse.Namespace) -> int:
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        needs = " and ".join(missing)
        print(f"The demo needs {needs}. Run: pip install 'asgi-jwks[cli]'", file=sys.stderr)
        return 2
    from asgi_jwks.cli.demo import demo

    try:
        right = demo(
            api_port=arguments.api_port,
            issuer_port=arguments.issuer_port,
            stay=arguments.serve,
        )
    except OSError as error:
        print(f"The demo cannot listen on a port: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0 if right else 1


def _inspect(arguments: argparse.Namespace) -> int:
    from asgi_jwks.cli.inspection import NotAToken, inspected

    token = sys.stdin.read() if arguments.token == "-" else arguments.token
    try:
        print(inspected(token))
    except NotAToken as error:
        print(error, file=sys.stderr)
        return 1
    return 0
