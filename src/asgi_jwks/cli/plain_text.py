"""The texts of a command line that are shown again: URLs, names, words."""

import click

from asgi_jwks.cli.output import redacted

__all__ = ["plain_text"]


def plain_text(text: str) -> str:
    """The type of an option that is shown again.

    It is printable text without a token. A token in the place of something else would be shown
    whole by whoever tells of that place, and whoever put it there has made a mistake.

    Raises:
        BadParameter: it is anything else.
    """
    shown = redacted(text)
    if not text.isprintable():
        raise click.BadParameter(f"{shown!r} has characters that cannot be printed.")
    if shown != text:
        raise click.BadParameter(f"{shown!r} has a token in it.")
    return text
