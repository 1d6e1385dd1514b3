import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from tests.support.fresh_process import printed_by

from asgi_jwks import testing
from asgi_jwks.testing import forgery

ROOM = Path(testing.__file__).parent


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOM.parents[1]).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOM.rglob("*.py"))}


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a module imports at any place in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in MODULES else node.module or ""


IMPORTS = [(name, set(imports_of(path))) for name, path in MODULES.items()]


def test_the_public_names_are_these() -> None:
    assert testing.__all__ == [
        "ClientCertificate",
        "DPoPAuth",
        "Endpoint",
        "LoopbackServer",
        "MockIssuer",
        "ProofKey",
        "RecordedRequest",
        "SigningKey",
        "forge",
        "serve_app",
    ]
    assert [getattr(testing, name).__name__ for name in testing.__all__] == [
        *testing.__all__[:8],
        "asgi_jwks.testing.forgery",
        "serve_app",
    ]


def test_every_name_of_the_forgery_kit_exists() -> None:
    assert all(hasattr(forgery, name) for name in forgery.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nobody'"):
        _ = testing.Nobody


def test_the_room_imports_nothing_until_a_name_is_asked_for() -> None:
    program = (
        "import sys, asgi_jwks; before = set(sys.modules);"
        "import asgi_jwks.testing, pytest, asgi_jwks.testing.pytest_plugin;"
        "print(*[name for name in set(sys.modules) - before if name.startswith('asgi_jwks.')])"
    )
    plugin = ["asgi_jwks.testing.pytest_attacks", "asgi_jwks.testing.pytest_plugin"]
    assert sorted(printed_by(program).split()) == ["asgi_jwks.testing", *plugin]


def test_no_module_imports_itself_by_way_of_another() -> None:
    """For a reader and for a type checker: imports inside functions count too."""
    graph = {name: {found for found in imports if found in MODULES} for name, imports in IMPORTS}
    del graph["asgi_jwks.testing"]  # the public surface names what it imports when asked
    assert set(TopologicalSorter(graph).static_order()) == MODULES.keys() - {"asgi_jwks.testing"}


def test_only_the_module_about_our_own_middleware_knows_the_rest_of_the_package() -> None:
    outside = {
        name.removeprefix("asgi_jwks.testing.")
        for name, imports in IMPORTS
        if any(found.split(".")[0] == "asgi_jwks" and found not in MODULES for found in imports)
    }
    assert outside == {"attacks.own_middleware"}
