"""Hosts where nothing goes on in the background.

They run the event loop while they have a request and freeze it until the next one, as adapters of
functions in clouds do, or each request has a loop of its own.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar, cast

import pytest

from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.freshness import Phase, TrustPeriod
from asgi_jwks.caching.refresh_ahead import RefreshAhead
from asgi_jwks.caching.source import Loaded
from asgi_jwks.errors import KeySetUnavailable

T = TypeVar("T")


class FrozenLoop(asyncio.SelectorEventLoop):
    """A loop whose time goes on while it does not run; timers within a run are jumped to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        super().__init__()

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        own: Any = self
        if not own._ready and own._scheduled:
            self.now = max(self.now, own._scheduled[0].when())
        inherited: Any = super()
        inherited._run_once()


class Host:
    """Requests for a value that is kept fresh, each in a run of the loop of its own."""

    def __init__(self, steps: int, *, renews_loop: bool) -> None:
        self.loop = FrozenLoop()
        self.renews_loop = renews_loop
        self.steps = steps
        self.loads = 0
        self.is_down = False
        cached = CachedValue[float](TrustPeriod(), clock=lambda: self.loop.now, spread=lambda: 0.5)
        self.keys = RefreshAhead(self.load, cached, source=lambda: "the source")

    async def load(
        self, previous: Loaded[float] | None, /, *, attempts: int, revalidate: bool
    ) -> Loaded[float]:
        self.loads += 1
        began = last = self.loop.time()
        for _ in range(self.steps):
            await asyncio.sleep(0.01)
            # The other side has given the connection up.
            if self.is_down or self.loop.time() - last > 30:
                raise OSError("reset")
            last = self.loop.time()
        return Loaded(began)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        if not self.renews_loop:
            return self.loop.run_until_complete(work)
        self.loop.close()
        with asyncio.Runner(loop_factory=lambda: FrozenLoop(self.loop.now)) as runner:
            self.loop = cast("FrozenLoop", runner.get_loop())
            return runner.run(work)

    async def served(self) -> float:
        value = self.keys.at_hand()
        return await self.keys.current() if value is None else value

    def freeze(self, seconds: float) -> None:
        self.loop.now += seconds


KINDS = ["frozen, one step", "frozen, eight steps", "a loop for each"]


@pytest.fixture(params=KINDS)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    host = Host(8 if "eight" in request.param else 1, renews_loop=request.param == KINDS[2])
    yield host
    host.run(host.keys.aclose())
    host.loop.close()


# A loop for each request takes half a millisecond to make.
GAPS = [
    *((kind, gap) for kind in KINDS[:2] for gap in (0.9, 1.3, 4.0, 5.5, 7.0, 60.0, 300.0)),
    *((KINDS[2], gap) for gap in (5.5, 60.0, 300.0)),
]


@pytest.mark.parametrize(("host", "gap"), GAPS, indirect=["host"])
def test_its_keys_are_kept_fresh_by_its_requests(host: Host, gap: float) -> None:
    """F2, F5, F6: they are no older than max_age, and no failures are counted."""
    for _ in range(round(1300 / gap)):
        age = host.loop.time() - host.run(host.served())
        assert age < 600 + 2 * gap + 2
        assert host.keys.cached.failed_fetches == 0
        host.freeze(gap)
    # At 480 s of 600 one begins, which is lost, and another one.
    assert host.loads <= 2 + 3 * 1300 / 480


def test_an_endpoint_that_is_down_has_failed_there_too(host: Host) -> None:
    """F6: it is asked as the backoff says, and the last keys serve until their trust ends."""
    host.run(host.served())
    host.is_down = True
    for _ in range(70):
        host.freeze(60)
        if host.keys.cached.phase() is not Phase.EXPIRED:
            host.run(host.served())
    with pytest.raises(KeySetUnavailable):
        host.run(host.served())
    assert host.keys.cached.failed_fetches > 10
    host.is_down = False
    host.freeze(61)
    assert host.run(host.served()) > 5000


def test_who_needs_keys_does_not_go_by_a_run_that_stood_still(host: Host) -> None:
    """F7: after the trust has ended, the request makes one of its own."""
    host.run(host.served())
    host.freeze(500)
    host.run(host.served())
    assert host.keys.cached.phase() is Phase.DUE
    host.freeze(5000)
    assert host.run(host.served()) > 6000


def test_a_new_key_is_found_although_a_run_stood_still(host: Host) -> None:
    """F5."""
    host.run(host.served())
    host.freeze(500)
    host.run(host.served())
    host.freeze(40)

    async def refetched() -> bool:
        return await host.keys.refetched(host.loop.time(), lambda value: value > 1500)

    assert host.run(refetched()) is True
