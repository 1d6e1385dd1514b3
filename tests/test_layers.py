"""The rooms of the package, and which may import which. Nothing points back, types included."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from tests.support.fresh_process import printed_by

import asgi_jwks

ROOT = Path(asgi_jwks.__file__).parent

EVERYWHERE = {"errors", "_fork", "_options", "_printable", "_reasons", "_version"}

# In the order of the layers: a room imports only from lines above its own.
MAY_IMPORT: dict[str, set[str]] = {
    "jose": set(),
    "caching": set(),
    "fetching": set(),
    "events": {"jose"},
    "keys": {"jose", "caching", "fetching", "events"},
    "tokens": {"jose", "caching", "events"},
    "binding": {"jose", "events"},
    "issuer_checks": {"jose", "keys", "tokens"},
    "trusted_issuer": {"jose", "fetching", "keys", "tokens", "binding", "issuer_checks"},
    "access_token_verifier": {
        "jose",
        "fetching",
        "events",
        "keys",
        "tokens",
        "binding",
        "trusted_issuer",
    },
    "providers": {"jose", "keys", "tokens", "trusted_issuer"},
    "authorization": {"events", "tokens"},
    "asgi": {
        "jose",
        "binding",
        "events",
        "keys",
        "tokens",
        "trusted_issuer",
        "access_token_verifier",
        "authorization",
    },
    "integrations": {
        "jose",
        "binding",
        "events",
        "keys",
        "fetching",
        "tokens",
        "trusted_issuer",
        "access_token_verifier",
        "authorization",
        "asgi",
    },
    "environment": {"binding", "keys", "trusted_issuer", "asgi", "integrations"},
    "testing": set(),
}
# The command line is for people: it may use every room, and no room uses it.
MAY_IMPORT["cli"] = set(MAY_IMPORT)

# Modules that may import the public names of `asgi_jwks`, as a stranger would.
STRANGERS = ("cli/", "testing/attacks/own_middleware.py")

# Each loads something that is slow to import or not always installed, where it is needed.
ONLY_IN = {
    "httpx": {"fetching", "testing", "cli"},
    "cachetools": {"keys", "tokens", "caching"},
    "jwt": {"jose", "testing"},
    "fastapi": {"integrations"},
    "prometheus_client": {"integrations"},
    "opentelemetry": {"integrations"},
    "uvicorn": {"testing", "cli"},
    "click": {"cli"},
    "rich": {"cli"},
    "pytest": {"testing"},
    "redis": {"integrations"},
}


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported_names(path: Path) -> frozenset[str]:
    """The dotted names that a module imports anywhere, for type checkers alone as well."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def imported_modules(path: Path) -> set[str]:
    """The modules of this package that a module imports."""
    named = {name.removeprefix("asgi_jwks.") for name in imported_names(path)}
    own = {f"{name.replace('.', '/')}.py" for name in named}
    return {name for name in own if (ROOT / name).is_file()}


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_every_room_has_its_place_among_the_layers() -> None:
    assert {room(path) for path in modules()} <= MAY_IMPORT.keys() | EVERYWHERE
    above: set[str] = set()
    for name, below in MAY_IMPORT.items():
        assert below <= above, f"{name} may import only from the layers above it in the table"
        above.add(name)


def modules_of(name: str) -> list[Path]:
    return [path for path in modules() if room(path) == name]


ROOMS = sorted({room(path) for path in modules()})


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(name: str) -> None:
    for path in modules_of(name):
        own = {module.split("/")[0].removesuffix(".py") for module in imported_modules(path)}
        own |= {
            imported.split(".")[1]
            for imported in imported_names(path)
            if imported.startswith("asgi_jwks.") and (ROOT / imported.split(".")[1]).is_dir()
        }
        is_stranger = relative(path).startswith(STRANGERS)
        assert is_stranger or "asgi_jwks" not in imported_names(path), (
            f"{relative(path)}: the public names are for strangers"
        )
        allowed = MAY_IMPORT.get(name, set()) | EVERYWHERE | {name}
        if name == "testing":
            allowed = {"testing"}
        assert own <= allowed, f"{relative(path)} may not import {sorted(own - allowed)}"


def test_the_modules_sort_topologically() -> None:
    graph = {relative(path): imported_modules(path) for path in modules()}
    assert len(tuple(TopologicalSorter(graph).static_order())) >= len(graph)


@pytest.mark.parametrize("name", ROOMS)
def test_a_dependency_is_used_only_in_its_rooms(name: str) -> None:
    for path in modules_of(name):
        dependencies = {imported.split(".")[0] for imported in imported_names(path)}
        for dependency in dependencies & ONLY_IN.keys():
            assert name in ONLY_IN[dependency], f"{relative(path)}: {dependency} is not for it"


@pytest.mark.parametrize("name", ROOMS)
def test_a_module_opens_with_a_docstring(name: str) -> None:
    bare = [relative(path) for path in modules_of(name) if not ast.get_docstring(parsed(path))]
    assert bare == [], "say in one plain clause what the module is"


def test_the_package_imports_without_what_only_some_need() -> None:
    """Cold starts count: no HTTP client, no PyJWT, no Starlette application."""
    program = (
        "import sys, asgi_jwks; "
        "print([m for m in ('httpx', 'jwt', 'starlette.applications', 'trio', 'pytest',"
        " 'asgi_jwks.testing') if m in sys.modules])"
    )
    assert printed_by(program) == "[]\n"
