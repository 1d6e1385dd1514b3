"""Every example is listed, is short, runs by itself, and prints what it says that it prints."""

import ast
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LISTED = re.findall(r"^- \[(\w+\.py)\]\(\1\): ", (EXAMPLES / "README.md").read_text(), re.M)

# Fewer lines than fit on two screens, so that an example is read whole.
LONGEST = 80

PROGRAMS = [name for name in LISTED if name != "testing_an_app.py"]


def docstring(name: str) -> str:
    return ast.get_docstring(ast.parse((EXAMPLES / name).read_text())) or ""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    # A process of its own, as a reader would run it, and without this one's configuration.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ASGI_JWKS", "AUTH0"))}
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=EXAMPLES.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_example_is_listed_once_and_every_listed_one_is_there() -> None:
    assert sorted(LISTED) == sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", LISTED)
def test_an_example_is_short(name: str) -> None:
    assert len((EXAMPLES / name).read_text().splitlines()) < LONGEST


@pytest.mark.parametrize("name", [name for name in LISTED if name != "minimal.py"])
def test_an_example_says_what_differs(name: str) -> None:
    assert re.search(r"What differs from [`\w]", docstring(name))


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_prints_what_it_says(name: str) -> None:
    said = textwrap.dedent(docstring(name).split("prints:\n", 1)[1]).strip()
    result = run(f"examples/{name}")
    assert result.stderr == ""
    assert result.returncode == 0
    assert result.stdout.strip() == said


def test_the_example_of_an_application_s_own_tests_passes() -> None:
    result = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "examples/testing_an_app.py")
    assert result.returncode == 0, result.stdout
    assert "4 passed" in result.stdout
