"""The telling of listeners: whatever they raise, and whatever they are."""

import asyncio
import logging
from typing import Any

import pytest

from asgi_jwks import ConfigurationError, RemoteJWKSet
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
    with pytest.raises(ConfigurationError, match=r"Write def listener\(event\)"):
        RemoteJWKSet("https://issuer.example/jwks.json", listener=listener)
    with pytest.raises(ConfigurationError, match="must be a callable"):
        require_listener("listener", "print")


def test_a_lambda_around_an_async_listener_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A11, N1: nothing shows it before the first call."""

    def hears(event: Event) -> object:
        return async_listener(event)

    tell = Telling(hears, LOG)
    tell(Event())
    [record] = caplog.records
    assert record.levelname == "ERROR"
    assert "listener is called and not awaited" in record.getMessage()
    # Its answers are not looked at any more, which would be work for each request.
    unseen: Any = []
    quiet = Telling(lambda _event: unseen.pop() if unseen else None, LOG)
    quiet(Event())
    unseen.append(answer := async_listener(Event()))
    quiet(Event())
    answer.close()
    assert len(caplog.records) == 1


def test_a_task_that_a_listener_starts_runs_and_is_no_mistake(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """N1"""

    async def main() -> list[Event]:
        heard: list[Event] = []

        async def hear(event: Event) -> None:
            heard.append(event)

        Telling(lambda event: asyncio.ensure_future(hear(event)), LOG)(Event())
        await asyncio.sleep(0)
        return heard

    assert len(asyncio.run(main())) == 1
    assert caplog.records == []
