"""Test runs inside a test run, of a plugin or of a project that uses one.

pytest forgets every module that such a run has imported for the first time. Whoever imports it
later gets a second copy, whose classes are not those that earlier importers have: an exception is
not caught by its name any more. So modules stay imported here, but for those of the inner project.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

__all__ = ["kept_modules", "run_pytest"]

_imported: dict[str, ModuleType] = {}


class _Modules:
    """A plugin of the inner run that takes down which modules there are at its end."""

    def pytest_unconfigure(self) -> None:
        _imported.update(sys.modules)


@pytest.fixture
def kept_modules() -> Iterator[None]:
    """Keep what inner runs import. To be set up before `pytester`, which forgets it at its end."""
    yield
    for name, module in _imported.items():
        sys.modules.setdefault(name, module)
    _imported.clear()


def run_pytest(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in this process, in the directory of `pytester`, in the order of the file."""
    without = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:random_order")
    result = pytester.runpytest_inprocess(*without, *arguments, plugins=[_Modules()])
    for name, module in list(_imported.items()):
        if _belongs_to(module, pytester.path):
            del _imported[name]
        else:
            sys.modules.setdefault(name, module)
    return result


def _belongs_to(module: ModuleType, directory: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(directory)
