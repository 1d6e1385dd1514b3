"""`asgi-jwks token`: a token of a running mock issuer, by way of its console.

It knows no keys: the issuer signs.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import httpx

from asgi_jwks.cli.console.access import CONSOLE_VARIABLE, TOKEN_FIELD, TOKEN_PARAMETER
from asgi_jwks.cli.console.shapes import FORGERIES, LONGEST_LIFETIME, SHAPES
from asgi_jwks.cli.no_tls import no_tls
from asgi_jwks.cli.output import CannotTell, Status, as_json, json_option
from asgi_jwks.cli.questions import TIMEOUT, seconds_option
from asgi_jwks.fetching.secure_url import is_loopback

__all__ = ["MintedToken", "token"]


@dataclass(frozen=True, slots=True)
class MintedToken:
    """A token of the mock issuer: a credential for tests alone.

    Attributes:
        token: the whole token.
    """

    token: str


@click.command()
@click.option(
    "--console",
    envvar=CONSOLE_VARIABLE,
    metavar="URL",
    help=f"The URL that `asgi-jwks issuer` or `demo --serve` printed.  [env: {CONSOLE_VARIABLE}]",
)
@click.option(
    "--shape",
    type=click.Choice(list(SHAPES)),
    default=next(iter(SHAPES)),
    show_default=True,
    help="Whose tokens it looks like.",
)
@click.option("--scopes", default="", help="Its scopes, separated by spaces.")
@seconds_option(
    "--lifetime",
    least=-LONGEST_LIFETIME,
    most=LONGEST_LIFETIME,
    default=3600.0,
    about="Negative for a token that has expired.",
)
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="NAME=VALUE",
    help="A claim to add or replace. The value is JSON, or else text; null takes it away.",
)
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Likewise.")
@click.option(
    "--forgery",
    type=click.Choice(list(FORGERIES)),
    default=next(iter(FORGERIES)),
    show_default=True,
    help="Forge it.",
)
@json_option
def token(
    console: str | None,
    shape: str,
    scopes: str,
    lifetime: float,
    claims: tuple[str, ...],
    headers: tuple[str, ...],
    forgery: str,
    json_wanted: bool,
) -> int:
    """Mint a token of a running mock issuer, and print it."""
    if not console:
        raise click.UsageError(
            "Missing option '--console'. Run `asgi-jwks issuer` in another shell, and paste the "
            "lines with export that it prints into this one."
        )
    minted = _minted(
        console,
        {
            "shape": shape,
            "scopes": scopes,
            "lifetime": lifetime,
            "claims": _members(claims),
            "header": _members(headers),
            "forgery": forgery,
        },
    )
    click.echo(as_json("token", MintedToken(minted)) if json_wanted else minted)
    return Status.VALID


def _members(texts: tuple[str, ...]) -> dict[str, Any]:
    """Claims or header members of `name=value` texts."""
    members: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.UsageError(f"Write NAME=VALUE, not {text!r}.")
        try:
            members[name] = json.loads(value)
        except ValueError:
            members[name] = value
    return members


def _minted(console: str, wanted: dict[str, Any]) -> str:
    origin, secret = _origin_and_secret(console)
    try:
        with httpx.Client(trust_env=False, verify=no_tls(), timeout=TIMEOUT) as client:
            answer = client.post(f"{origin}/mint", json=wanted, headers={TOKEN_FIELD: secret})
            told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise CannotTell(f"The console does not answer: {error}") from error
    match told:
        case {"token": str(token)}:
            return token
        case {"error": str(sentence)}:
            raise CannotTell(f"The console refused: {sentence}")
        case _:
            raise CannotTell("Whoever answers at that URL is not the console.")


def _origin_and_secret(console: str) -> tuple[str, str]:
    try:
        url = urlsplit(console)
        secrets = parse_qs(url.query).get(TOKEN_PARAMETER, ())
    except ValueError:
        url, secrets = urlsplit(""), ()
    # The secret of the console is for this machine alone.
    is_here = url.scheme == "http" and is_loopback(url.hostname or "")
    if not is_here or len(secrets) != 1:
        raise click.UsageError("--console is the whole URL of the console, with its token.")
    return f"http://{url.netloc}", secrets[0]
