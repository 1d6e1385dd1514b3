"""The arguments of a function as a command line has them: options, and their meanings."""

import inspect
import re
from collections.abc import Callable
from typing import Any

__all__ = ["meanings_of", "option_of"]


def option_of(argument: str) -> str:
    """The option that is named for an argument."""
    return f"--{argument.replace('_', '-')}"


def meanings_of(function: Callable[..., Any]) -> dict[str, str]:
    """The arguments that the docstring of a function or class explains."""
    section = (inspect.getdoc(function) or "").partition("Args:\n")[2].partition("\n\n")[0]
    parts = re.split(r"^    (\w+): ", section, flags=re.MULTILINE)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {name: " ".join(text.split()) for name, text in pairs}
