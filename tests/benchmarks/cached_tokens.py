"""Fills the cache of verified tokens and says what that took: one figure per process.

What lives only here: the two ways to weigh a cache.
What it does not know: minting, tables. It is run as a program by `footprint`.
"""

import asyncio
import gc
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from starlette.types import ASGIApp

from .contenders import Trust, ours
from .driver import bare_app, status_of
from .tokens import AUDIENCE, ISSUER


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _allocated_bytes() -> int:
    current, _ = tracemalloc.get_traced_memory()
    return current


async def _growth(app: ASGIApp, tokens: Path, times: int, weigh: Callable[[], int]) -> int:
    with tokens.open("rb") as lines:
        # The first token brings the keys, the imports and the compiled patterns along.
        await _accept(app, next(lines))
        gc.collect()
        before = weigh()
        for line in lines:
            for _ in range(times):
                await _accept(app, line)
        gc.collect()
        return weigh() - before


async def _accept(app: ASGIApp, line: bytes) -> None:
    status = await status_of(app, line.strip())
    if status != 200:
        raise RuntimeError(f"a valid token was answered with {status}")


def main() -> None:
    """Print the bytes that the cache grew by."""
    measure, times, tokens, jwks_uri = sys.argv[1:]
    if measure == "tracemalloc":
        tracemalloc.start()
    weigh = _allocated_bytes if measure == "tracemalloc" else _resident_bytes
    app = ours.wrap_remembering(bare_app, Trust(ISSUER, AUDIENCE, jwks_uri), tokens=10_000)
    print(asyncio.run(_growth(app, Path(tokens), int(times), weigh)))


if __name__ == "__main__":
    main()
