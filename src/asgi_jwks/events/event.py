"""The base of all events, and the form of a listener."""

import inspect
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from asgi_jwks._options import require_callable
from asgi_jwks.errors import ConfigurationError

__all__ = [
    "Event",
    "Listener",
    "Listeners",
    "Telling",
    "add_listener_to",
    "log_coroutine",
    "require_listener",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened.

    It is frozen, and has nothing of a credential in it. Whatever stands in its labels is of a
    closed set, so that a metric by them has a bounded number of series.
    """


Listener = Callable[[Event], object]
"""Is called with each event, in whatever thread it happens.

It should return soon: a request waits for it. Its exceptions are logged once and go no further.
"""


class Telling:
    """Tells a listener of events; its exceptions are logged once and go no further.

    Args:
        listener: is called with each event.
        log: the logger for the first exception.
    """

    def __init__(self, listener: Listener, log: logging.Logger) -> None:
        self.listener: Final = listener
        self._log: Final = log
        self._has_failed = False
        self._call: Listener = self._call_first

    def __call__(self, event: Event) -> None:
        """Tell of one event."""
        try:
            self._call(event)
        # A listener is somebody else's code: it makes neither a 500 nor an outage.
        except Exception:
            self.log_failure(event)

    def _call_first(self, event: Event) -> None:
        # No answer of a later call is looked at, since most are on the way of a request.
        self._call = self.listener
        log_coroutine(self._log, "listener", self.listener, self.listener(event))

    def log_failure(self, event: Event) -> None:
        """Log the exception that the listener has raised, if it is its first."""
        if not self._has_failed:
            self._has_failed = True
            self._log.exception(
                "the listener %r failed on %s; further failures of it are not told",
                self.listener,
                type(event).__name__,
            )


class Listeners:
    """Those who are told of the events of one source, each once.

    Args:
        log: the logger for the first exception of each.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log: Final = log
        self._tellings: tuple[Telling, ...] = ()

    def add(self, listener: Listener) -> None:
        """Tell one listener more, unless it is told already."""
        if listener not in self:
            self._tellings = (*self._tellings, Telling(listener, self._log))

    def __call__(self, event: Event) -> None:
        """Tell all of one event."""
        for tell in self._tellings:
            tell(event)

    def __iter__(self) -> Iterator[Listener]:
        return iter([tell.listener for tell in self._tellings])

    def __bool__(self) -> bool:
        """Whether somebody listens; an event that nobody hears is not made."""
        return bool(self._tellings)


def log_coroutine(log: logging.Logger, option: str, called: object, answer: object) -> bool:
    """Log that a function, which is not awaited, returned a coroutine; whether it did.

    `require_listener` cannot see it: a lambda around an async function is a plain function.
    """
    if not inspect.iscoroutine(answer):
        return False
    answer.close()
    log.error(
        "%s is called and not awaited, and %r returns a coroutine, which never runs: it hears "
        "nothing. Write a plain function, which may start a task",
        option,
        called,
    )
    return True


def add_listener_to(source: object, listener: Callable[[Any], object]) -> None:
    """Have a listener hear of the events of a source, if the source has any."""
    add_listener = getattr(source, "add_listener", None)
    if add_listener is not None:
        add_listener(listener)


def require_listener(option: str, listener: object, *, form: str = "listener(event)") -> None:
    """Something that can be called as `form` says, and is not async.

    Raises:
        ConfigurationError: it is async, or cannot be called.
    """
    require_callable(option, listener, form=form)
    kind: Any = type(listener)
    if inspect.iscoroutinefunction(listener) or inspect.iscoroutinefunction(kind.__call__):
        raise ConfigurationError(
            f"{option} is called and not awaited, and {listener!r} is async. Write def {form}."
        )
