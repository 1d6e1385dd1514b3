"""`asgi-jwks completion`: the script by which a shell completes commands and options."""

from typing import Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from asgi_jwks.cli.output import Status

__all__ = ["completion"]

_SHELLS: Final[dict[str, type[ShellComplete]]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@click.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def completion(shell: str) -> int:
    """Print the completion script of SHELL.

    For bash: eval "$(asgi-jwks completion bash)"
    """
    from asgi_jwks.cli.command_line import asgi_jwks

    click.echo(_SHELLS[shell](asgi_jwks, {}, "asgi-jwks", "_ASGI_JWKS_COMPLETE").source())
    return Status.VALID
