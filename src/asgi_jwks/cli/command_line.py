"""The command line: its commands by name, and the exit status of each run.

It does not know what a command does: each has a module of its own, imported when it is called.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NamedTuple

import click
from click.exceptions import NoArgsIsHelpError
from click.shell_completion import CompletionItem

from asgi_jwks._version import __version__
from asgi_jwks.cli.output import Failure, Status, as_json, redacted, say
from asgi_jwks.errors import ConfigurationError

__all__ = ["COMMANDS", "asgi_jwks", "run"]

INTERRUPTED: Final = 130


class _Command(NamedTuple):
    """The home of a command, `module:attribute`, and its summary."""

    home: str
    summary: str


COMMANDS: Final = {
    "demo": _Command("demo.command:demo", "Show the middleware at work, over real HTTP."),
    "inspect": _Command(
        "inspect:inspect", "Print the header and the claims of a token, without verifying it."
    ),
    "explain": _Command("explain:explain", "Tell step by step why a token is refused, or valid."),
    "keys": _Command("keys:keys", "List the keys that an issuer publishes, and which are usable."),
    "doctor": _Command("doctor.command:doctor", "Look at an issuer and an API as a client does."),
    "provider": _Command(
        "provider:provider", "Print the knowledge of a preset about a provider's access tokens."
    ),
    "serve": _Command("serve:serve", "Serve an existing application behind the middleware."),
    "attack": _Command("attack:attack", "Carry out the attack corpus against an application."),
    "issuer": _Command("issuer:issuer", "Run the mock issuer, with faults, and its console."),
    "token": _Command("token:token", "Mint a token of a running mock issuer."),
    "completion": _Command("completion:completion", "Print the completion script of a shell."),
}
"""Every command by its name, in the order of the help."""


class _Commands(click.Group):
    """The commands of the table, each imported when it is called."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None if there is none."""
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        module, _, attribute = found.home.partition(":")
        command: click.Command = getattr(import_module(f"asgi_jwks.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the summaries of the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, found.summary) for name, found in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, importing none."""
        names = [
            CompletionItem(name, help=found.summary)
            for name, found in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="asgi-jwks", message="%(prog)s %(version)s")
def asgi_jwks() -> None:
    """Verify, explain and try out the access tokens of an API.

    Exit status: 0 valid, 1 refused, 2 nothing can be said, 3 the command line is wrong.
    """


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        status = asgi_jwks.main(arguments, prog_name="asgi-jwks", standalone_mode=False)
    except NoArgsIsHelpError as error:
        say(error.format_message())
        return Status.WRONG_USE
    except click.UsageError as error:
        say(f"{_usage(error)}Error: {error.format_message()}")
        return Status.WRONG_USE
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code, arguments)
    except ConfigurationError as error:
        return _fail(str(error), Status.WRONG_USE, arguments)
    except click.Abort:
        return INTERRUPTED
    return status if isinstance(status, int) else Status.VALID


def _fail(sentence: str, status: int, arguments: Sequence[str]) -> int:
    """Say why there is no result, as JSON where that was asked for."""
    if "--json" in arguments and arguments[0] in COMMANDS:
        click.echo(as_json(arguments[0], Failure(redacted(sentence), status)))
    else:
        say(sentence)
    return status


def _usage(error: click.UsageError) -> str:
    # click says in its types that an error may be without a context; those of a command have one.
    context = error.ctx or click.Context(asgi_jwks, info_name="asgi-jwks")
    return f"{context.get_usage()}\nTry '{context.command_path} --help'.\n\n"
