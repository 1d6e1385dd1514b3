"""Compiled modules are kept, also where the environment says not to.

A run starts some two hundred processes. Where PYTHONDONTWRITEBYTECODE is set, as images of
containers like to do, each of them would compile the same modules anew.
"""

import os
import sys

__all__ = ["pytest_configure"]


def pytest_configure() -> None:
    """Let the workers, and all processes that tests start, write what they compile."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None) is not None:
        sys.dont_write_bytecode = False
