import subprocess

import pytest

from asgi_jwks.cli import main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Issue 15: completion for shells."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_ASGI_JWKS_COMPLETE={shell}_complete" in script
    if shell == "bash":
        subprocess.run(["bash", "-n", "-c", script], check=True)
