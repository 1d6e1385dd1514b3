import subprocess

import pytest
from click.shell_completion import ShellComplete

from asgi_jwks.cli import main
from asgi_jwks.cli.command_line import asgi_jwks


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Issue 15: completion for shells."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_ASGI_JWKS_COMPLETE={shell}_complete" in script
    if shell == "bash":
        subprocess.run(["bash", "-n", "-c", script], check=True)


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ([], "ex", ["explain"]),
        (["provider"], "key", ["keycloak"]),
        (["explain", "TOKEN", "--provider"], "entra", ["entra_external_id", "entra_id"]),
        (["explain"], "--prov", ["--provider"]),
        (["completion"], "z", ["zsh"]),
    ],
)
def test_commands_options_and_presets_are_completed(
    words: list[str], incomplete: str, expected: list[str]
) -> None:
    """Issue 15: completion for shells, of presets too."""
    shell = ShellComplete(asgi_jwks, {}, "asgi-jwks", "_ASGI_JWKS_COMPLETE")
    found = [item.value for item in shell.get_completions(words, incomplete)]
    assert found[: len(expected)] == expected
