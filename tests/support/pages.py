"""The parts of pages that are written from tests and code, between two marks each.

After a test, an attack, a limit or a requirement has changed, or a file has another name, write
them anew:

    python -m tests.support.pages
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support import limits, requirements, threats

__all__ = ["PARTS", "ROOT", "Part", "with_written_part", "without_written_parts"]

ROOT: Final = Path(__file__).parents[2]

_END: Final = "<!-- /written -->"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page: `write` returns it, and it stands between the marks of its name."""

    page: str
    name: str
    write: Callable[[], str]


PARTS: Final = (
    Part("SECURITY.md", "threats", threats.table),
    Part("SECURITY.md", "limits", limits.table),
    Part("docs/attacks.md", "attacks", threats.attack_list),
    Part("docs/requirements.md", "requirements", requirements.table),
)


def _begin(name: str) -> str:
    return f"<!-- written by tests.support.pages: {name} -->"


def with_written_part(page: str, name: str, written: str) -> str:
    """A page with the part of this name replaced. Raises ValueError without its two marks."""
    before, begin, rest = page.partition(_begin(name))
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page needs the marks {_begin(name)} and {_END}")
    return f"{before}{begin}\n{written}\n{end}{after}"


def without_written_parts(page: str, *names: str) -> str:
    """A page with these parts left out: what people wrote."""
    for name in names:
        page = with_written_part(page, name, "")
    return page


def main() -> None:
    """Write all parts anew."""
    for part in PARTS:
        path = ROOT / part.page
        page = path.read_text(encoding="utf-8")
        path.write_text(with_written_part(page, part.name, part.write()), encoding="utf-8")


if __name__ == "__main__":
    main()
