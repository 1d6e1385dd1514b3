"""What asgi-jwks weighs: memory of 10,000 cached tokens, and time to import.

    uv run --isolated --python 3.12 --group bench python -m tests.benchmarks.footprint

What lives only here: the command, and the fresh interpreters in which each figure is taken.
What it does not know: how the cache is made.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from .jwks_endpoint import serving
from .machine import machine_state
from .table import markdown, plain
from .tokens import Mint

_TOKENS: Final = 10_000
_MEASURES: Final = ("tracemalloc", "rss")

# What each is compared with is named by the issue that set the bar; httpx is there to show what an
# import of it would add.
_IMPORTS: Final = (
    "import asgi_jwks",
    "from asgi_jwks import JWTBearerMiddleware",
    "import starlette, jwt",
    "import starlette.applications, jwt",
    "import httpx",
)
_TIMED: Final = """
import sys, time
started = time.process_time()
{statement}
print(time.process_time() - started)
"""


def import_milliseconds(rounds: int) -> dict[str, float]:
    """Median CPU time of each import in a fresh interpreter, the statements taking turns."""
    samples: dict[str, list[float]] = {statement: [] for statement in _IMPORTS}
    for _ in range(rounds):
        for statement, taken in samples.items():
            code = _TIMED.format(statement=statement)
            finished = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=False
            )
            if finished.returncode == 0:
                taken.append(float(finished.stdout) * 1000)
    return {name: statistics.median(taken) for name, taken in samples.items() if taken}


def cache_mebibytes(measure: str, times: int) -> float:
    """What the cache grew by, `measure` being `tracemalloc` or `rss`, in an interpreter of its own.

    Each token is sent so many `times`. The tokens come from a file and are dropped after use, so
    that only what is kept is counted.
    """
    mint, program = Mint(), f"{__package__}.cached_tokens"
    with TemporaryDirectory() as folder, serving(mint.jwks()) as jwks_uri:
        file = Path(folder) / "tokens.txt"
        file.write_bytes(b"\n".join(mint.tokens(_TOKENS)) + b"\n")
        finished = subprocess.run(
            [sys.executable, "-m", program, measure, str(times), str(file), jwks_uri],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return int(finished.stdout) / 2**20


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="footprint", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="fresh interpreters per import")
    layout = parser.add_mutually_exclusive_group()
    layout.add_argument("--markdown", action="store_true", help="a table for a README")
    layout.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    machine = machine_state(["asgi-jwks", "starlette", "pyjwt", "cryptography"])
    imports = import_milliseconds(arguments.rounds)
    memory = {
        name: {measure: cache_mebibytes(measure, times) for measure in _MEASURES}
        for name, times in (("each seen once", 1), ("each seen again", 2))
    }
    if arguments.json:
        report = {"machine": machine, "import_ms": imports, "cache_mib": memory}
        print(json.dumps(report, indent=2))
        return
    for key, value in machine.items():
        print(f"{key}: {value}")
    layout = markdown if arguments.markdown else plain
    print()
    print(layout([["import", "CPU ms"], *([k, f"{v:.0f}"] for k, v in imports.items())]))
    print()
    header = [f"MiB for {_TOKENS:,} cached tokens", *_MEASURES]
    rows = [
        [name, *(f"{sizes[measure]:.1f}" for measure in _MEASURES)]
        for name, sizes in memory.items()
    ]
    print(layout([header, *rows]))


if __name__ == "__main__":
    main()
