"""Every line of the README that a reader may copy runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

from asgi_jwks.testing import MockIssuer

README = Path(__file__).parent.parent / "README.md"

BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


def named_blocks() -> dict[str, str]:
    named = {}
    for _, block in BLOCKS:
        if match := re.match(r"# (\w+\.py)\n", block):
            named[match[1]] = block
    return named


def run_pytest(folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def test_every_code_block_is_a_file_that_runs() -> None:
    """H8: a line that is refused where it stands, such as a weak secret, would fail here too."""
    assert {language for language, _ in BLOCKS} == {"python"}
    assert len(named_blocks()) == len(BLOCKS)


def test_the_app_and_its_test_run_as_printed(tmp_path: Path) -> None:
    blocks = named_blocks()
    assert set(blocks) == {"app.py", "fastapi_app.py", "test_app.py"}
    for name, block in blocks.items():
        (tmp_path / name).write_text(block)
    run_pytest(tmp_path)


def test_the_explanation_of_a_401_is_what_the_command_prints(tmp_path: Path) -> None:
    """O2: up to the dots."""
    printed = re.search(r"^    (REFUSED .*?)\.\.\.$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert printed is not None
    issuer = MockIssuer(issuer="https://example.eu.auth0.com/")
    (tmp_path / "keys.json").write_text(json.dumps(issuer.jwk_set()))
    run = subprocess.run(
        [
            *(
                sys.executable,
                "-c",
                "import asgi_jwks.cli as c; exit(c.main())",
                "explain",
            ),
            *("--issuer", issuer.issuer, "--audience", "https://api.example.com"),
            *("--keys", "keys.json", issuer.access_token(aud=f"{issuer.issuer}userinfo")),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    assert " ".join(run.stdout.split()).startswith(" ".join(printed[1].split()))


def test_the_readme_fits_two_screens() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


def test_the_fastapi_app_answers_as_the_other_one(tmp_path: Path) -> None:
    blocks = named_blocks()
    (tmp_path / "app.py").write_text(blocks["fastapi_app.py"])
    (tmp_path / "test_app.py").write_text(blocks["test_app.py"])
    run_pytest(tmp_path)


def test_the_set_up_commands_are_the_two_that_ci_runs() -> None:
    commands = re.findall(r"^    (pip install uv.*)$", README.read_text(), re.MULTILINE)
    assert commands == [
        "pip install uv && uv run asgi-jwks demo",
        "pip install uv && uv run pytest",
    ]
