"""`asgi-jwks serve`: an application that exists, behind the middleware, with no code changed."""

from dataclasses import dataclass

import click

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.cli.application_argument import named_application
from asgi_jwks.cli.grouped_help import GroupedHelp
from asgi_jwks.cli.listening import PORT, url_of
from asgi_jwks.cli.output import CannotTell, Status, as_json, json_option
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.cli.trust_options import sections_of, trusted_by, trusting_options
from asgi_jwks.environment.options import PARSERS

__all__ = ["Served", "serve"]


@dataclass(frozen=True, slots=True)
class Served:
    """The application that is about to be served.

    Attributes:
        app: its name.
        url: where it is served.
        issuers: the issuers whose tokens it takes.
    """

    app: str
    url: str
    issuers: tuple[str, ...]


@click.command(cls=GroupedHelp, sections=sections_of(PARSERS))
@click.argument("app", type=plain_text, metavar="MODULE:APP")
@click.option(
    "--host",
    type=plain_text,
    metavar="TEXT",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on.",
)
@click.option("--port", type=PORT, default=8000, show_default=True, help="The port to listen on.")
@json_option
@trusting_options(PARSERS)
def serve(
    app: str,
    host: str,
    port: int,
    json_wanted: bool,
    provider: str | None,
    **given: tuple[str, ...],
) -> int:
    """Serve an ASGI application behind the middleware; its code is not changed.

    Whom to trust is said by --provider and its words, by --issuer and --audience, or by the
    variables that settings_from_env() reads. uvicorn serves it, until Ctrl-C.
    """
    import uvicorn

    trusted = trusted_by(provider, given)
    guarded = JWTBearerMiddleware(named_application(app), *trusted.issuers, **trusted.middleware)
    served = Served(app, url_of(host, port), tuple(one.issuer for one in trusted.issuers))
    if json_wanted:
        click.echo(as_json("serve", served))
    else:
        click.echo(f"{app} on {served.url} takes the tokens of {', '.join(served.issuers)}")
    try:
        uvicorn.run(guarded, host=host, port=port)
    # uvicorn logs why it could not start, and exits by itself.
    except SystemExit as error:
        raise CannotTell(f"{app} could not be served; the log says why.") from error
    return Status.VALID
