"""Runs programs one after the other, each in a child of a process that has their imports.

    python -W error -m tests.support.guide_programs FOLDER

Each `*.py` of the folder runs as `__main__` in it. Its output is printed where it fails, and so
many that fail are the exit status.
"""

import os
import runpy
import sys
import traceback
from pathlib import Path

# What most guides import, and nothing that starts a thread.
import fastapi.testclient
import starlette.applications
import starlette.routing

import asgi_jwks.integrations.fastapi
import asgi_jwks.providers
import asgi_jwks.testing

__all__ = ["main"]

_IMPORTED = (asgi_jwks, fastapi, starlette)


def succeeds(program: Path) -> bool:
    """Whether a program ends without an exception, and what it printed if not."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        output = program.with_suffix(".out")
        with output.open("w", encoding="utf-8") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        try:
            runpy.run_path(str(program), run_name="__main__")
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(f"== {program.name}")
        print(program.with_suffix(".out").read_text(encoding="utf-8"))
    return status == 0


def main() -> None:
    """Run the programs of the folder."""
    folder = Path(sys.argv[1])
    os.chdir(folder)
    sys.exit(sum(not succeeds(program) for program in sorted(folder.glob("*.py"))))


if __name__ == "__main__":
    main()
