"""The application that a command line names: `module:app`."""

from typing import Any

import click

from asgi_jwks import AccessTokenVerifier
from asgi_jwks.testing.attacks.named_application import is_application, named_object
from asgi_jwks.testing.attacks.own_middleware import A_FUNCTION_INSTEAD, verifier_of
from asgi_jwks.testing.attacks.run import AttackRunError

__all__ = ["named_application", "named_verifier"]


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


def named_verifier(name: str) -> AccessTokenVerifier:
    """The verifier of the application behind `module:app`.

    Raises:
        UsageError: it is not found, or has none.
    """
    try:
        return verifier_of(named_application(name))
    except AttackRunError as error:
        raise click.UsageError(f"{error}".replace(A_FUNCTION_INSTEAD, "").strip()) from error
