"""A program in a fresh interpreter, for tests of imports: this process has imported it all."""

import subprocess
import sys
from typing import Final

__all__ = ["printed_by"]

# Seconds; an interpreter that imports the package takes one, on a very busy machine ten.
_PATIENCE: Final = 60


def printed_by(program: str) -> str:
    """The standard output of a program that must end well."""
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=_PATIENCE,
    )
    return run.stdout
