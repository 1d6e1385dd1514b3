"""Measure everything, and write the figures with date and machine into `docs/benchmarks.md`.

    uv run --isolated --python 3.12 --group bench python -m tests.benchmarks.results

`--only NAME ...` measures some anew and keeps the others as they stand.
"""

import argparse
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["main"]

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"

COMMANDS = {
    "in_process": ["in_process", "--markdown"],
    "over_sockets": ["over_sockets", "--markdown"],
    "footprint": ["footprint", "--markdown"],
    "worst_requests": ["worst_requests"],
    "worst_requests with three issuers": ["worst_requests", "--issuers", "3"],
    "costly_json": ["costly_json"],
    "metrics": ["metrics"],
}

OPENING = """\
# Benchmarks

Written by `python -m tests.benchmarks.results`, which says under each heading when it was
measured. [The ruler](../tests/benchmarks/README.md) explains each figure: ratios within
one run, on a shared machine.
"""


def section(name: str) -> str:
    """One command, its output and when it ran."""
    command = COMMANDS[name]
    run = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{command[0]}", *command[1:]],
        capture_output=True,
        text=True,
        check=True,
    )
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    shown = " ".join(command)
    output = run.stdout.strip()
    if "|---" not in output:
        output = f"```text\n{output}\n```"
    return f"`python -m tests.benchmarks.{shown}`, {when}\n\n{output}\n"


def kept() -> dict[str, str]:
    """The sections that the page has."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    parts = re.split(r"^## (.+)\n\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.rstrip() + "\n" for part in parts[2::2]), strict=True))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    only = parser.parse_args().only
    sections = kept()
    for name in only:
        sections[name] = section(name)
        written = [f"## {title}\n\n{sections[title]}" for title in COMMANDS if title in sections]
        PAGE.write_text("\n".join([OPENING, *written]), encoding="utf-8")


if __name__ == "__main__":
    main()
