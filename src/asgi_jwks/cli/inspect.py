"""`asgi-jwks inspect`: a token's header, claims and times, for people.

It knows no keys: nothing is verified, and the text says so first. The signature is left out, so
that the text is not a credential.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import click

from asgi_jwks.cli.moments import Moment, moments
from asgi_jwks.cli.output import Status, as_json, json_option
from asgi_jwks.cli.token_argument import token_argument, token_of
from asgi_jwks.errors import InvalidToken
from asgi_jwks.jose.jws import parse_compact

__all__ = ["Inspection", "NotAToken", "as_text", "inspect", "inspection_of"]

_WARNING: Final = "NOT VERIFIED. Anybody can write a token that says this."


class NotAToken(click.ClickException):
    """The text is not a signed JWT in the compact serialization (RFC 7515, section 7.1)."""

    exit_code = Status.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A token taken apart; `verified` is always false, since no key was asked.

    Attributes:
        verified: false.
        header: the JOSE header.
        claims: the claims.
        times: iat, nbf and exp, as far as they are numbers.
        signature_bytes: the length of the signature, which is left out.
    """

    header: dict[str, Any]
    claims: dict[str, Any]
    times: tuple[Moment, ...]
    signature_bytes: int
    verified: bool = False


@click.command()
@token_argument
@json_option
def inspect(token: tuple[str, ...], json_wanted: bool) -> int:
    """Print the header and the claims of a token. Nothing is verified.

    TOKEN is the token, `Bearer` and the token, a pasted `Authorization:` line, the path of a file
    that holds one of them, or - for standard input. The signature is never shown.
    """
    inspection = inspection_of(token_of(token))
    click.echo(as_json("inspect", inspection) if json_wanted else as_text(inspection))
    return Status.VALID


def inspection_of(token: str, *, now: float | None = None) -> Inspection:
    """The parts of a token.

    Args:
        token: the token alone.
        now: the present, in seconds since the epoch; the system's clock unless given.

    Raises:
        NotAToken: with a sentence for the reader.
    """
    try:
        parsed = parse_compact(token.encode("utf-8", "surrogateescape"))
    except InvalidToken as error:
        raise NotAToken(f"{error}.") from None
    return Inspection(
        header=_plain(parsed.header),
        claims=_plain(parsed.claims),
        times=moments(parsed.claims, time.time() if now is None else now),
        signature_bytes=len(parsed.signature),
    )


def as_text(inspection: Inspection) -> str:
    """The inspection for people; its first line says that nothing is verified."""
    return "\n".join(
        [
            _WARNING,
            "",
            f"header  {_json(inspection.header)}",
            f"claims  {_json(inspection.claims)}",
            *(f"{moment.claim}     {moment}" for moment in inspection.times),
            "",
            f"The signature of {inspection.signature_bytes} bytes is not shown.",
        ]
    )


def _json(members: Mapping[str, object]) -> str:
    # ensure_ascii keeps control characters of a stranger's token away from the terminal.
    return json.dumps(members, indent=2, ensure_ascii=True)


def _plain(members: Mapping[str, object]) -> dict[str, Any]:
    """A copy of plain dicts and lists."""
    copied: dict[str, Any] = json.loads(json.dumps(members))
    return copied
