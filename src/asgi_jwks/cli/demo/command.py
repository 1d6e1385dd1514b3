"""`asgi-jwks demo`: its options, and the exit status."""

import click

from asgi_jwks.cli.demo.record import Record, Reporter
from asgi_jwks.cli.demo.report import Report
from asgi_jwks.cli.demo.run import run
from asgi_jwks.cli.listening import PORT
from asgi_jwks.cli.output import CannotTell, Status, as_json, json_option

__all__ = ["demo"]


@click.command()
@click.option(
    "--serve",
    is_flag=True,
    help="Leave both running afterwards; prints curl lines with fresh tokens, and how to point an "
    "app of your own at the issuer.",
)
@click.option("--verbose", is_flag=True, help="Show each request with its whole answer.")
@click.option(
    "--api-port",
    type=PORT,
    default=0,
    metavar="PORT",
    help="Loopback port of the protected API; a free one unless given.",
)
@click.option(
    "--issuer-port",
    type=PORT,
    default=0,
    metavar="PORT",
    help="Loopback port of the mock issuer; a free one unless given.",
)
@json_option
def demo(serve: bool, verbose: bool, api_port: int, issuer_port: int, json_wanted: bool) -> int:
    """Show the middleware at work, over real HTTP.

    A mock issuer and a protected API listen on loopback ports; the API is sent good and bad tokens,
    and its answers are shown. Time is simulated: nobody waits. Exit status 0 if every answer
    was right, else 1.
    """
    if serve and json_wanted:
        raise click.UsageError("--serve talks to people: give it without --json.")
    record = Record()
    reporter: Reporter = record if json_wanted else Report(verbose=verbose)
    try:
        right = run(reporter, api_port=api_port, issuer_port=issuer_port, serve=serve)
    except OSError as error:
        raise CannotTell(f"The demo cannot listen on a port: {error}") from error
    if json_wanted:
        click.echo(as_json("demo", record.result()))
    return Status.VALID if right else Status.REFUSED
