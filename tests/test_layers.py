"""The rooms of the package, and which may import which. Nothing points back."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import asgi_jwks

ROOT = Path(asgi_jwks.__file__).parent

EVERYWHERE = {"errors", "_version", "_fork"}

MAY_IMPORT = {
    "errors": set[str](),
    "_version": set[str](),
    "_fork": set[str](),
    "jose": {"jose"},
    "keys": {"keys", "jose"},
    "tokens": {"tokens", "jose"},
    "trust": {"tokens", "keys", "jose"},
    "asgi": {"asgi", "tokens", "trust", "jose"},
    "settings": {"trust", "tokens", "keys", "asgi"},
    "integrations": {"integrations", "asgi", "tokens", "trust", "keys", "jose", "settings"},
    "testing": {"testing", "asgi", "trust", "tokens", "keys"},
    "cli": {"cli", "testing", "jose"},
}

# Each loads something that is slow to import or not always installed, where it is needed.
ONLY_IN = {
    "httpx": {"keys", "testing", "cli"},
    "cachetools": {"keys", "tokens"},
    "jwt": {"jose", "testing"},
    "fastapi": {"integrations"},
    "uvicorn": {"testing", "cli"},
    "rich": {"cli"},
    "pytest": {"testing"},
}


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            names.add(node.module)
            if node.module == "asgi_jwks":
                names |= {f"asgi_jwks.{alias.name}" for alias in node.names}
    return names


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    own = {name.split(".")[1] for name in imported_names(path) if name.startswith("asgi_jwks.")}
    own = {name for name in own if (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()}
    if room(path) in {"testing", "cli"} and "asgi_jwks" in imported_names(path):
        own = set()  # these use the public surface, as a stranger would
    allowed = MAY_IMPORT[room(path)] | EVERYWHERE
    assert own <= allowed, f"{room(path)} may not import {sorted(own - allowed)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_dependency_is_used_only_in_its_rooms(path: Path) -> None:
    dependencies = {name.split(".")[0] for name in imported_names(path)}
    for dependency in dependencies & ONLY_IN.keys():
        assert room(path) in ONLY_IN[dependency], f"{dependency} is not for {room(path)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_opens_with_its_law(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, "say what lives only here, and what the module does not know"


def test_the_package_imports_without_what_only_some_need() -> None:
    """Cold starts count: no HTTP client, no PyJWT, no Starlette application."""
    program = (
        "import sys, asgi_jwks; "
        "print([m for m in ('httpx', 'jwt', 'starlette.applications', 'trio', 'pytest',"
        " 'asgi_jwks.testing') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
