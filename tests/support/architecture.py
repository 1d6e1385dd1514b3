"""`docs/explanation/architecture.md`: the rooms, drawn from the imports of the code.

uv run python -m tests.support.architecture
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import asgi_jwks

__all__ = ["PAGE", "page"]

ROOT = Path(asgi_jwks.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "architecture.md"

OPENING = """\
# Architecture

Drawn from the imports by `uv run python -m tests.support.architecture`; a test holds it true, and
`tests/test_layers.py` holds the law: a room imports only from rooms above it in the first table,
and the modules sort topologically, imports for type checkers included.

A request goes through `asgi/middleware` (which connections are guarded), `asgi/authentication` (the
decision), `asgi/token_sources` (where the token is), `tokens/verifier` (the numbered procedure) and
back through `asgi/challenge` and `asgi/responses`. Keys come from `keys/remote`, which holds a
`caching/cached_value` behind a `caching/refresh_ahead` and asks by `fetching/request`.
"""


@cache
def modules() -> dict[str, Path]:
    """The modules of the package by their path below it, without suffix."""
    paths = sorted(path for path in ROOT.rglob("*.py") if path.name != "__init__.py")
    return {path.relative_to(ROOT).as_posix().removesuffix(".py"): path for path in paths}


def imports(path: Path) -> set[str]:
    """The modules of the package that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    known = modules()
    return {
        name
        for name in (module.removeprefix("asgi_jwks.").replace(".", "/") for module in found)
        if name in known
    }


def first_line(path: Path) -> str:
    """The first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def room(module: str) -> str:
    """The room of a module; one at the root is a room of its own."""
    return module.partition("/")[0]


def rooms() -> dict[str, set[str]]:
    """The rooms in the order of their layers, each with the rooms that it imports."""
    needs: dict[str, set[str]] = {}
    for module, path in modules().items():
        needed = {room(name) for name in imports(path)} - {room(module)}
        needs.setdefault(room(module), set()).update(needed)
    ordered: dict[str, set[str]] = {}
    while needs:
        ready = sorted(name for name, needed in needs.items() if needed <= ordered.keys())
        assert ready, f"a circle among {sorted(needs)}"
        for name in ready:
            ordered[name] = needs.pop(name)
    return ordered


def _law(name: str) -> str:
    package = ROOT / name / "__init__.py"
    return first_line(package if package.is_file() else ROOT / f"{name}.py")


def _everywhere(name: str) -> bool:
    return name.startswith("_") or name == "errors"


def _lines() -> Iterator[str]:
    yield OPENING
    yield "## Rooms"
    yield ""
    yield "`errors`, `_options`, `_printable`, `_fork` and `_version` are imported everywhere."
    yield ""
    yield "| room | is | imports |"
    yield "|---|---|---|"
    for name, needed in rooms().items():
        if not _everywhere(name):
            below = ", ".join(f"`{other}`" for other in sorted(needed) if not _everywhere(other))
            yield f"| `{name}` | {_law(name)} | {below} |"
    yield ""
    yield "```mermaid"
    yield "graph BT"
    for name, needed in rooms().items():
        for other in sorted(needed):
            if not _everywhere(name) and not _everywhere(other):
                yield f"  {name} --> {other}"
    yield "```"
    yield ""
    yield "## Modules"
    yield ""
    for name in rooms():
        yield f"**{name}**"
        yield ""
        for module, path in modules().items():
            if room(module) == name:
                yield f"- `{module}`: {first_line(path)}"
        yield ""


def page() -> str:
    """The text of the page."""
    return "\n".join(_lines())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
