"""Every line of the README that a reader may copy runs, and its tables are those of the code."""

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asgi_jwks import JWTBearerMiddleware, RemoteJWKSet, TrustedIssuer

README = Path(__file__).parent.parent / "README.md"

BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


def named_blocks() -> dict[str, str]:
    named = {}
    for _, block in BLOCKS:
        if match := re.match(r"# (\w+\.py)\n", block):
            named[match[1]] = block
    return named


def test_every_code_block_is_python() -> None:
    assert BLOCKS
    assert {language for language, _ in BLOCKS} == {"python"}


def test_the_app_and_its_test_run_as_printed(tmp_path: Path) -> None:
    blocks = named_blocks()
    assert set(blocks) == {"app.py", "test_app.py"}
    for name, block in blocks.items():
        (tmp_path / name).write_text(block)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


@pytest.mark.parametrize(
    "block",
    [block for _, block in BLOCKS if not re.match(r"# \w+\.py\n", block)],
    ids=lambda block: block.partition("\n")[0],
)
def test_the_other_blocks_run(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {})


def settings_tables() -> list[dict[str, str]]:
    tables = re.findall(r"^\| `\w+`.*\n\|[-|]+\n((?:\|.*\n)+)", README.read_text(), re.MULTILINE)
    return [
        {
            name.strip("`"): default
            for name, default in re.findall(r"^\| (`\w+`) \| (.*?) \|", table, re.MULTILINE)
        }
        for table in tables
    ]


def defaults(function: Callable[..., Any]) -> dict[str, object]:
    return {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in {"self", "app"}
    }


def in_words(default: object) -> set[str]:
    return {"required"} if default is inspect.Parameter.empty else {f"`{default!r}`"}


def test_the_tables_of_settings_are_those_of_the_code() -> None:
    shared, middleware, remote = settings_tables()
    assert shared.keys() == defaults(TrustedIssuer).keys()
    for name, default in defaults(TrustedIssuer).items():
        assert shared[name] in in_words(default), name
    own = {n: d for n, d in defaults(JWTBearerMiddleware).items() if n not in shared}
    assert middleware.keys() == own.keys()
    for name, default in own.items():
        assert middleware[name] in in_words(default) | {"the `Authorization` field"}, name
    told_elsewhere = {"jwks_uri", "issuer", "http_client", "allow_insecure_http", "clock"}
    own = {n: d for n, d in defaults(RemoteJWKSet).items() if n not in told_elsewhere}
    assert remote.keys() == own.keys()
    for name, default in own.items():
        assert remote[name] in in_words(default) | {"log lines"}, name


def test_the_shared_defaults_are_the_same_in_both_forms() -> None:
    short = defaults(JWTBearerMiddleware)
    for name, default in defaults(TrustedIssuer).items():
        if default is not inspect.Parameter.empty:
            assert short[name] == default, name


def test_the_set_up_commands_are_the_two_that_ci_runs() -> None:
    commands = re.findall(r"^    (pip install uv.*)$", README.read_text(), re.MULTILINE)
    assert commands == [
        "pip install uv && uv run asgi-jwks demo",
        "pip install uv && uv run pytest",
    ]
