"""Pages that are written from the code are up to date, and every block of a guide runs."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support import architecture, reference

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("path", "written", "command"),
    [
        pytest.param(reference.PAGE, reference.page, "tests.support.reference", id="reference"),
        pytest.param(
            architecture.PAGE, architecture.page, "tests.support.architecture", id="architecture"
        ),
    ],
)
def test_a_page_written_from_the_code_is_up_to_date(
    path: Path, written: Callable[[], str], command: str
) -> None:
    message = f"write it anew: uv run python -m {command}"
    assert path.read_text(encoding="utf-8") == written(), message


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link_leads_to_a_file_of_the_project(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def python_blocks(path: Path) -> str:
    """The Python blocks of a guide as one program, each under the line at which it begins."""
    text = path.read_text(encoding="utf-8")
    return "\n".join(
        f"# line {text[: match.start()].count(chr(10)) + 2}\n{match[3]}"
        for match in BLOCK.finditer(text)
        if match[1] == "python"
    )


# Their blocks are files of a project.
OF_FRAMEWORKS = ("with-django", "with-litestar", "with-quart")
# What `django-admin startproject` writes, as far as it counts here.
SETTINGS = """
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "shop.urls"
"""


@pytest.mark.parametrize("guide", OF_FRAMEWORKS)
def test_the_files_of_a_guide_to_a_framework_pass_their_own_tests(
    guide: str, tmp_path: Path
) -> None:
    module = guide.removeprefix("with-")
    pytest.importorskip(module, reason=f"{module} is in the group `frameworks`")
    text = (ROOT / "docs" / "guides" / f"{guide}.md").read_text(encoding="utf-8")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "settings.py").write_text(SETTINGS)
    for _, _, block in BLOCK.findall(text):
        path, _, program = block.removeprefix("# ").partition("\n")
        with (tmp_path / path).open("a", encoding="utf-8") as file:
            file.write(program)
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:randomly"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_blocks_of_each_guide_run_in_their_order(tmp_path: Path) -> None:
    for guide in GUIDES:
        if guide.stem in OF_FRAMEWORKS:
            continue
        program = tmp_path / f"{guide.stem}.py"
        program.write_text(python_blocks(guide), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.support.guide_programs", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
