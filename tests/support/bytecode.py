"""Bytecode in a directory of the run, where the environment forbids it beside the sources.

The run starts some two hundred processes. Where PYTHONDONTWRITEBYTECODE is set, as containers like
to do, each of them would compile the same modules anew.
"""

import os
import shutil
import sys
import tempfile

import pytest

__all__ = ["pytest_configure"]


def pytest_configure(config: pytest.Config) -> None:
    """Name the directory to the workers and to all processes that tests start."""
    if sys.dont_write_bytecode and "PYTHONDONTWRITEBYTECODE" in os.environ:
        directory = tempfile.mkdtemp(prefix="asgi-jwks-bytecode-")
        config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
        del os.environ["PYTHONDONTWRITEBYTECODE"]
        os.environ["PYTHONPYCACHEPREFIX"] = directory
