"""Tables as plain text or Markdown.

What lives only here: alignment and bars. What it does not know: what the cells mean.
"""

from collections.abc import Sequence


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned by spaces, the first row above a rule; numbers flush right."""
    widths = _widths(rows)
    head, *body = [_line(row, widths, "  ") for row in rows]
    return "\n".join([head, "  ".join("-" * width for width in widths), *body])


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """The same table for a README."""
    widths = _widths(rows)
    head, *body = [f"| {_line(row, widths, ' | ')} |" for row in rows]
    rule = " | ".join(
        "-" * width if column == 0 else "-" * (width - 1) + ":"
        for column, width in enumerate(widths)
    )
    return "\n".join([head, f"| {rule} |", *body])


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _line(row: Sequence[str], widths: Sequence[int], bar: str) -> str:
    first, *rest = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return bar.join(cells)
