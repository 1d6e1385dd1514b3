"""The telling of listeners: whatever they raise, and whatever they are."""

import logging
from typing import Any

import pytest

from asgi_jwks import ConfigurationError
from asgi_jwks.events import Event
from asgi_jwks.events.event import Telling, require_listener

LOG = logging.getLogger("asgi_jwks.requests")


def test_a_listener_that_raises_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """N1: a mistake in a listener makes no 500, and no line for each request."""
    heard: list[Event] = []

    def listener(event: Event) -> None:
        heard.append(event)
        raise ZeroDivisionError

    tell = Telling(listener, LOG)
    for _ in range(3):
        tell(Event())
    assert len(heard) == 3
    [record] = caplog.records
    assert record.exc_info is not None
    assert "failed on Event; further failures of it are not told" in record.getMessage()


class Async:
    async def __call__(self, event: Event) -> None: ...


async def async_listener(event: Event) -> None: ...


@pytest.mark.parametrize("listener", [Async(), async_listener])
def test_an_async_listener_is_refused(listener: Any) -> None:
    """A11: nobody would await it."""
    with pytest.raises(ConfigurationError, match=r"Write def listener\(event\)"):
        require_listener("listener", listener)
    with pytest.raises(ConfigurationError, match="must be a callable"):
        require_listener("listener", "print")
