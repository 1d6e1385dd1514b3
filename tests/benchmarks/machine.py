"""The state of the machine, without which no figure means anything.

What lives only here: processor, load, interpreter and the versions of what was measured.
What it does not know: the figures.
"""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def machine_state(distributions: Iterable[str]) -> dict[str, str]:
    """Processor, cores, load average, interpreter, and the version of each distribution."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "load average": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()}",
        "versions": ", ".join(f"{name} {installed(name)}" for name in distributions),
    }


def installed(distribution: str) -> str:
    """The version of an installed distribution, or `not installed`."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")
