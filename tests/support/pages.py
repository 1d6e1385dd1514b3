"""The pages that are written from tests and from the attack corpus, between two marks each.

After a test, an attack or a requirement was added, or a file renamed, write them anew:

    python -m tests.support.pages
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.support import requirements, threats

__all__ = ["PAGES", "ROOT", "with_written_part"]

ROOT: Final = Path(__file__).parents[2]

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "SECURITY.md": threats.table,
    "docs/attacks.md": threats.attack_list,
    "docs/requirements.md": requirements.table,
}
"""The path of each page -> the function that writes a part of it."""

_BEGIN: Final = "<!-- written by tests.support.pages -->"
_END: Final = "<!-- /written -->"


def with_written_part(page: str, written: str) -> str:
    """A page with the part between its marks replaced. Raises ValueError without the two marks."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page needs the marks {_BEGIN} and {_END}, once each")
    return f"{before}{begin}\n{written}\n{end}{after}"


def main() -> None:
    """Write all pages anew."""
    for name, write in PAGES.items():
        path = ROOT / name
        page = path.read_text(encoding="utf-8")
        path.write_text(with_written_part(page, write()), encoding="utf-8")


if __name__ == "__main__":
    main()
