"""`asgi-jwks issuer`: the mock issuer alone, with faults, and its console."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import click

from asgi_jwks.cli.console.access import CONSOLE_VARIABLE
from asgi_jwks.cli.console.serving import served_console, served_laboratory
from asgi_jwks.cli.demo.instructions import environment
from asgi_jwks.cli.demo.run import wait_for_ctrl_c
from asgi_jwks.cli.faults import FAULTS, Fault, fault_of, require_field_value
from asgi_jwks.cli.listening import PORT
from asgi_jwks.cli.output import CannotTell, Status, as_json, json_option, quiet_logs
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.testing import MockIssuer, SigningKey

__all__ = ["RunningIssuer", "issuer", "wait"]

wait = wait_for_ctrl_c
"""Returns, or raises KeyboardInterrupt, when the servers shall stop."""

# RFC 8414, section 2: no query and no fragment. The endpoints are served below its path.
_ISSUER: Final = re.compile(r"https?://[\w.-]+(?::\d{1,5})?(?:/[\w.~!$&'()*+,;=:@%/-]*)?", re.ASCII)
# RFC 7518, section 3.1, and RFC 8037: those of a private key.
_ALGORITHMS: Final = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningIssuer:
    """The addresses of a mock issuer.

    Attributes:
        issuer: the issuer identifier.
        url: where its endpoints are.
        jwks_uri: where its keys are.
        audiences: the APIs that its tokens are for.
        faults: the faults of its endpoints.
        console: the URL of the console, which has its token; null where there is none.
    """

    issuer: str
    url: str
    jwks_uri: str
    audiences: tuple[str, ...]
    faults: tuple[str, ...]
    console: str | None


@click.command()
@click.option("--port", type=PORT, default=0, help="Its loopback port; a free one unless given.")
@click.option(
    "--issuer",
    "name",
    type=plain_text,
    metavar="TEXT",
    help="Its identifier; its URL unless given.",
)
@click.option(
    "--audience",
    type=plain_text,
    multiple=True,
    default=["https://api.example.com"],
    show_default=True,
    metavar="TEXT",
    help="The API that tokens are for; may be given more than once.",
)
@click.option(
    "--scopes",
    type=plain_text,
    default="",
    metavar="TEXT",
    help="What alice and mock-client may ask for besides openid, profile and email; separated by "
    "spaces.",
)
@click.option(
    "--algorithm",
    type=click.Choice(_ALGORITHMS),
    default="RS256",
    show_default=True,
    help="The algorithm of its keys.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="ENDPOINT:NAME[:NUMBER]",
    help=f"Have jwks or discovery fail: {', '.join(FAULTS)}. For example jwks:fail:503.",
)
@click.option(
    "--cache-control", type=plain_text, metavar="TEXT", help="The Cache-Control of its key set."
)
@click.option("--console/--no-console", default=True, help="Serve the console too.")
@click.option(
    "--console-port", type=PORT, default=0, help="The console's port; a free one unless given."
)
@json_option
def issuer(
    port: int,
    name: str | None,
    audience: tuple[str, ...],
    scopes: str,
    algorithm: str,
    faults: tuple[str, ...],
    cache_control: str | None,
    console: bool,
    console_port: int,
    json_wanted: bool,
) -> int:
    """Run the mock issuer on a loopback port, until Ctrl-C.

    It has keys, metadata, logins of alice with the password wonderland, and the client mock-client
    with its secret mock-secret. Clients may register. The console is a page to mint tokens, send
    them to an API, and break the issuer.
    """
    quiet_logs()
    if name is not None and not _ISSUER.fullmatch(name):
        raise click.UsageError("--issuer is a URL, such as https://example.eu.auth0.com/.")
    if cache_control is not None:
        require_field_value("Cache-Control", cache_control)
    put = [fault_of(text) for text in faults]
    audiences = audience[0] if len(audience) == 1 else audience
    mock = MockIssuer(issuer=name, audience=audiences, key=SigningKey.generate(algorithm))
    mock.jwks.cache_control = cache_control
    _grant(mock, scopes.split())
    try:
        with mock.serve(port=port) as url, _console(mock, put, console, console_port) as page:
            _say(
                RunningIssuer(
                    issuer=mock.issuer,
                    url=url,
                    jwks_uri=mock.jwks_uri,
                    audiences=audience,
                    faults=tuple(map(str, put)),
                    console=page,
                ),
                json_wanted=json_wanted,
            )
            wait()
    except OSError as error:
        raise CannotTell(f"The issuer cannot listen on a port: {error}") from error
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    return Status.VALID


def _grant(mock: MockIssuer, scopes: list[str]) -> None:
    """Let its user and its client ask for more."""
    for name, user in mock.users.items():
        mock.users[name] = replace(user, scopes=(*user.scopes, *scopes))
    for name, client in mock.clients.items():
        mock.clients[name] = replace(client, scopes=(*client.scopes, *scopes))


@contextmanager
def _console(
    mock: MockIssuer, faults: list[Fault], wanted: bool, port: int
) -> Iterator[str | None]:
    """Put the faults, and serve the console if it is wanted."""
    if not wanted:
        for fault in faults:
            fault.put(mock)
        yield None
        return
    with served_laboratory(mock) as laboratory:
        for fault in faults:
            laboratory.put_fault(f"{fault}")
        with served_console(laboratory, port=port) as page:
            yield page


def _say(running: RunningIssuer, *, json_wanted: bool) -> None:
    if json_wanted:
        # On one line, for whoever reads it from a pipe while the servers run.
        click.echo(json.dumps(json.loads(as_json("issuer", running))))
        return
    lines = [
        f"issuer    {running.issuer}",
        f"audience  {' '.join(running.audiences)}",
        f"keys      {running.jwks_uri}",
        *(f"fault     {fault}" for fault in running.faults),
        *([] if running.console is None else [f"console   {running.console}"]),
        "",
        *environment(issuer=running.issuer, audience=" ".join(running.audiences)),
    ]
    if running.console is not None:
        lines += [f"export {CONSOLE_VARIABLE}='{running.console}'", "", "asgi-jwks token"]
    click.echo("\n".join([*lines, "", "Press Ctrl-C to stop."]))
