"""Questions to endpoints: one deadline, and a sign of life on a terminal."""

import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import click

from asgi_jwks.cli.output import CannotTell, console
from asgi_jwks.errors import TemporarilyUnavailable

__all__ = ["TIMEOUT", "ask", "deadline_option", "insecure_http_option", "seconds_option"]

T = TypeVar("T")

TIMEOUT = 10.0
"""Seconds that a person waits for an endpoint."""


def _number(_ctx: click.Context, _param: click.Parameter, value: float) -> float:
    # To a range of click's, not-a-number is within it.
    if math.isnan(value):
        raise click.BadParameter("It is not a number of seconds.")
    return value


def seconds_option(
    name: str,
    *,
    most: float,
    default: float,
    about: str,
    least: float = 0.1,
    envvar: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option of `least` to `most` seconds."""
    return click.option(
        name,
        type=click.FloatRange(least, most),
        default=default,
        show_default=True,
        metavar="SECONDS",
        help=about,
        callback=_number,
        envvar=envvar,
    )


deadline_option = seconds_option(
    "--deadline", most=300, default=TIMEOUT, about="For all requests of the command together."
)

insecure_http_option = click.option(
    "--allow-insecure-http",
    is_flag=True,
    help="Ask http URLs of other hosts than loopback too.",
)


def ask(subject: str, question: Callable[[], Awaitable[T]], *, timeout: float = TIMEOUT) -> T:
    """Run a question to its end, or to the deadline.

    Args:
        subject: a noun that says what is asked, for the terminal: "the issuer".
        question: an async function without arguments.
        timeout: seconds for all of it.

    Raises:
        CannotTell: the deadline passed, or the endpoint is unavailable.
    """

    async def within() -> T:
        try:
            with anyio.fail_after(timeout):
                return await question()
        except TimeoutError as error:
            raise CannotTell(f"No answer from {subject} within {timeout:g} s.") from error
        except TemporarilyUnavailable as error:
            raise CannotTell(f"{error}") from error

    # Shown on a terminal only, and gone with the answer.
    with console(stderr=True).status(f"Asking {subject} ..."):
        return anyio.run(within)
