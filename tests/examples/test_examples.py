"""Every example is listed, is short, runs by itself, and prints what it says that it prints."""

import ast
import re
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.support.groups import require
from tests.support.ports import reserving_ports

EXAMPLES = Path(__file__).parents[2] / "examples"
LISTED = re.findall(r"(?m)^- \[(\w+\.py)\]\(\1\): ", (EXAMPLES / "README.md").read_text())

# Fewer lines than fit on two screens, so that an example is read whole.
LONGEST = 84

# Django's settings belong to the process, and so do loggers.
APART = ["current_token.py", "django_app.py", "operations.py"]
PROGRAMS = [name for name in LISTED if name not in {*APART, "testing_an_app.py"}]


def docstring(name: str) -> str:
    return ast.get_docstring(ast.parse((EXAMPLES / name).read_text())) or ""


def said(name: str) -> str:
    return textwrap.dedent(docstring(name).split("prints:\n", 1)[1]).strip()


def run_apart(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=EXAMPLES.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_example_is_listed_once_and_every_listed_one_is_there() -> None:
    assert sorted(LISTED) == sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", LISTED)
def test_an_example_checks_its_options_when_it_is_imported(name: str) -> None:
    """A11: Starlette builds what `add_middleware(JWTBearerMiddleware, ...)` gets too late."""
    source = (EXAMPLES / name).read_text()
    assert not re.search(r"(add_middleware|[^.]Middleware)\(\s*JWTBearerMiddleware,", source)


@pytest.mark.parametrize("name", LISTED)
def test_an_example_is_short(name: str) -> None:
    assert len((EXAMPLES / name).read_text().splitlines()) < LONGEST


@pytest.mark.parametrize("name", [name for name in LISTED if name != "minimal.py"])
def test_an_example_says_what_differs(name: str) -> None:
    assert re.search(r"What differs from [`\w]", docstring(name))


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_prints_what_it_says(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require(name)
    # As `python examples/NAME` has it: the directory on the path, and no configuration about.
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for variable in ("AUTH0_DOMAIN", "AUTH0_AUDIENCE", "ASGI_JWKS_LEEWAY"):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    with reserving_ports():
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    printed = capsys.readouterr()
    assert printed.out.strip() == said(name)
    assert printed.err == ""


@pytest.mark.parametrize("name", APART)
def test_an_example_that_configures_its_process_prints_what_it_says(name: str) -> None:
    require(name)
    result = run_apart(f"examples/{name}")
    # Where logging is not configured, Python prints what is refused.
    unexpected = [line for line in result.stderr.splitlines() if not line.startswith("refused ")]
    assert (result.returncode, unexpected) == (0, [])
    assert result.stdout.strip() == said(name)


def test_the_example_of_an_application_s_own_tests_passes() -> None:
    example = "examples/testing_an_app.py"
    result = run_apart("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", example)
    assert result.returncode == 0, result.stdout
    assert "4 passed" in result.stdout
