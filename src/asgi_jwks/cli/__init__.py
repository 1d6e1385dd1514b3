"""The `asgi-jwks` command: `main` is its entry point."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

__all__ = ["main"]

# The packages of the extra `cli`: every command needs them, the rest of the package none.
_EXTRA: Final = ("click", "rich", "uvicorn")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`, that of the process unless given; returns the exit status.

    0: valid, or all is right. 1: refused, or something is wrong. 2: nothing can be said. 3: the
    command line is wrong. 130: Ctrl-C was pressed before it was done.
    """
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        needs = " and ".join(missing)
        print(f"asgi-jwks needs {needs}. Run: pip install 'asgi-jwks[cli]'", file=sys.stderr)
        return 2
    from asgi_jwks.cli.command_line import run

    return run(argv)
