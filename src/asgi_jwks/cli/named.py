"""The application that a command line names: `module:app`."""

from typing import Any

import click

from asgi_jwks.testing.attacks.named_application import is_application, named_object
from asgi_jwks.testing.attacks.run import AttackRunError

__all__ = ["named_application"]


def named_application(name: str) -> Any:
    """The ASGI application behind `module:app`, imported from the current directory.

    Raises:
        UsageError: it is not found, or is something else.
    """
    try:
        found = named_object(name)
    except AttackRunError as error:
        raise click.UsageError(f"{error}") from error
    if not is_application(found):
        raise click.UsageError(
            f"{name} is not an ASGI application; it is a {type(found).__name__}."
        )
    return found
