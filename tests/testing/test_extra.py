"""The extra `testing` brings all that a test of an application imports, and nothing warns."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.support.examples import only_in_ci

EXAMPLE = Path(__file__).parents[2] / "examples" / "testing_an_app.py"

# An environment with these distributions alone, as far as imports go: of any other package that is
# installed here, nothing can be imported.
PROGRAM = """
import sys
from importlib.metadata import packages_distributions

import pytest

allowed = set(sys.argv[1].split(","))
installed = packages_distributions()

class OnlyTheExtra:
    def find_spec(self, name, path=None, target=None):
        owners = installed.get(name.partition(".")[0])
        if owners and not allowed & {owner.lower().replace("_", "-") for owner in owners}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, OnlyTheExtra())
sys.exit(pytest.main(["-q", "-W", "error", "-c", "/dev/null", "--rootdir", sys.argv[2],
    "-p", "no:cacheprovider", "-p", "asgi_jwks.testing.pytest_plugin", sys.argv[3]]))
"""


def brought_by(requirement: Requirement) -> Iterator[str]:
    """The distributions that an installation of this requirement brings, itself first."""
    waiting, seen = [requirement], set[tuple[str, frozenset[str]]]()
    while waiting:
        wanted = waiting.pop()
        key = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            needed = [Requirement(line) for line in requires(wanted.name) or ()]
        except PackageNotFoundError:
            continue
        yield key[0]
        for inner in needed:
            extras = wanted.extras or {""}
            if inner.marker is None or any(inner.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(inner)


def run_with(distributions: set[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(distributions), str(directory), str(EXAMPLE)],
        capture_output=True,
        text=True,
        cwd=directory,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        timeout=60,
        check=False,
    )


def test_the_example_of_a_test_runs_with_what_the_extra_brings(tmp_path: Path) -> None:
    result = run_with(set(brought_by(Requirement("asgi-jwks[testing]"))), tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


@only_in_ci()
def test_with_httpx_alone_starlette_s_client_warns(tmp_path: Path) -> None:
    """So that the test above means something."""
    result = run_with(set(brought_by(Requirement("asgi-jwks[testing]"))) - {"httpx2"}, tmp_path)
    assert result.returncode != 0
    assert "install `httpx2` instead" in result.stdout
