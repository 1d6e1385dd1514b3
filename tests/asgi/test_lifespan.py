"""Keys and the application's lifespan."""

import asyncio
import gc
import threading
from collections.abc import Iterator, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.support.examples import only_in_ci
from trio.testing import MockClock

from asgi_jwks import (
    AccessTokenVerifier,
    JWTBearerMiddleware,
    KeySetUnavailable,
    RemoteJWKSet,
    TrustedIssuer,
)
from asgi_jwks.asgi.authentication import Authentication
from asgi_jwks.asgi.lifespan import run_with_keys
from asgi_jwks.caching.freshness import Phase
from asgi_jwks.testing import MockIssuer, SigningKey

anywhere = pytest.mark.anyio

Message = MutableMapping[str, Any]
KEY = SigningKey.generate("ES256")


@pytest.fixture
def issuer() -> Iterator[MockIssuer]:
    """One for each test: a request that a test cancelled may arrive when the next one counts."""
    issuer = MockIssuer(key=KEY)
    with issuer.serve():
        yield issuer


class Server:
    """The server's side of a lifespan: start-up, and shutdown when it is told."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.failure: str | None = None
        self.started = anyio.Event()
        self.stop = anyio.Event()
        self._messages = ["lifespan.startup", "lifespan.shutdown"]

    async def receive(self) -> Message:
        if len(self._messages) == 1:
            await self.stop.wait()
        return {"type": self._messages.pop(0)}

    async def send(self, message: Message) -> None:
        self.sent.append(message["type"].removeprefix("lifespan."))
        self.failure = message.get("message")
        self.started.set()


class App:
    """An application with a lifespan, or with a fault instead of one."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.received: list[str] = []
        self.fault = fault

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if self.fault is not None:
            raise self.fault
        while True:
            kind = (await receive())["type"]
            self.received.append(kind)
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return


def verifier_of(keys: Any) -> AccessTokenVerifier:
    return AccessTokenVerifier(
        [
            TrustedIssuer(
                issuer="https://issuer.example/",
                audience="https://api.example.com",
                algorithms=["ES256"],
                keys=keys,
            )
        ]
    )


async def live(app: App, keys: Any, server: Server, *, require_keys: bool = False) -> None:
    authentication = Authentication(verifier_of(keys), require_keys_at_startup=require_keys)
    await run_with_keys(app, {"type": "lifespan"}, server.receive, server.send, authentication)


@anywhere
async def test_keys_are_at_hand_when_the_application_starts(issuer: MockIssuer) -> None:
    """C4."""
    # A machine under load may take as long as a first attempt may: there shall be no second one.
    keys, app, server = RemoteJWKSet(issuer.jwks_uri, timeout=60), App(), Server()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(live, app, keys, server)
        await server.started.wait()
        assert keys.at_hand() is not None
        server.stop.set()
    assert app.received == ["lifespan.startup", "lifespan.shutdown"]
    assert server.sent == ["startup.complete", "shutdown.complete"]
    assert issuer.jwks.count == 1


@anywhere
@pytest.mark.parametrize("fault", ["fail", "hang"])
async def test_an_endpoint_that_is_down_neither_hangs_nor_fails_the_start(
    issuer: MockIssuer, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """C4: start-up takes no longer than `timeout`."""
    getattr(issuer.jwks, fault)()
    keys, server = RemoteJWKSet(issuer.jwks_uri, timeout=0.2), Server()
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live, App(), keys, server)
            await server.started.wait()
            server.stop.set()
    assert server.sent == ["startup.complete", "shutdown.complete"]
    assert "starting without the issuer's keys" in caplog.text


@anywhere
async def test_the_start_fails_without_keys_if_they_are_required(issuer: MockIssuer) -> None:
    """C4."""
    issuer.jwks.fail(500)
    app, server = App(), Server()
    with pytest.raises(KeySetUnavailable):
        await live(app, RemoteJWKSet(issuer.jwks_uri), server, require_keys=True)
    assert server.sent == ["startup.failed"]
    assert server.failure == (
        f"asgi-jwks: the issuer's keys are unavailable: {issuer.jwks_uri}: HTTP status 500"
    )
    assert app.received == []


@anywhere
@pytest.mark.parametrize(
    "fault",
    [
        ZeroDivisionError("mine"),
        SystemExit(3),
        ExceptionGroup("mine", [KeyError()]),
        KeySetUnavailable("mine"),
    ],
)
async def test_the_exceptions_of_the_application_are_its_own(
    issuer: MockIssuer, fault: BaseException
) -> None:
    """C5: unwrapped; it is how a server learns that there is no lifespan."""
    with pytest.raises(type(fault)) as raised:
        await live(App(fault), RemoteJWKSet(issuer.jwks_uri), Server())
    assert raised.value is fault


@anywhere
async def test_a_cancelled_lifespan_leaves_nothing_running(issuer: MockIssuer) -> None:
    """C4."""
    keys, server = RemoteJWKSet(issuer.jwks_uri), Server()
    issuer.jwks.hang()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live, App(), keys, server)
            await anyio.to_thread.run_sync(partial(issuer.jwks.wait_for_requests, 1, timeout=30))
            scope.cancel()
    assert not keys._keys.is_refreshing()
    issuer.jwks.recover()
    server = Server()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live, App(), keys, server)
            await server.started.wait()
            scope.cancel()


@anywhere
async def test_a_key_source_that_fails_in_the_background_does_not_end_the_application(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """C4."""
    issuer = MockIssuer(key=KEY)

    class Failing(RemoteJWKSet):
        async def keep_fresh(self) -> None:
            raise ZeroDivisionError

    keys, server = Failing(issuer.jwks_uri, http_client=issuer.http_client()), Server()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(live, App(), keys, server)
        await server.started.wait()
        await anyio.lowlevel.checkpoint()
        server.stop.set()
    assert server.sent == ["startup.complete", "shutdown.complete"]
    assert "no longer refreshed" in caplog.text


def test_keys_are_refreshed_without_any_request() -> None:
    """C4: hour after hour, in time that jumps."""
    issuer = MockIssuer(key=KEY)
    keys = RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client(), clock=trio.current_time)

    async def hours() -> None:
        server = Server()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(live, App(), keys, server)
            for _ in range(60):
                await trio.sleep(60)
                assert keys.health().phase is Phase.FRESH
            issuer.jwks.fail(500)
            await trio.sleep(1800)
            assert keys.health().phase is Phase.STALE
            issuer.jwks.recover()
            await trio.sleep(65)
            assert keys.health().phase is Phase.FRESH
            server.stop.set()

    trio.run(hours, clock=MockClock(autojump_threshold=0))


def test_keys_are_required_at_the_start_only_where_that_is_configured(issuer: MockIssuer) -> None:
    """C4: the middleware's own option."""
    issuer.jwks.fail(500)
    guarded = partial(
        JWTBearerMiddleware,
        Starlette(),
        issuer=issuer.issuer,
        audience="https://api.example.com",
        jwks_uri=issuer.jwks_uri,
        algorithms=["ES256"],
    )
    with TestClient(guarded()) as client:
        assert client.get("/").status_code == 401
    with pytest.raises(KeySetUnavailable):
        TestClient(guarded(require_keys_at_startup=True)).__enter__()


def test_without_a_lifespan_requests_do_it_all(issuer: MockIssuer) -> None:
    """C5: each request here even has an event loop of its own."""
    issuer.jwks.cache_control = "max-age=60"
    app = JWTBearerMiddleware(
        Starlette(),
        issuer=issuer.issuer,
        audience="https://api.example.com",
        algorithms=["ES256"],
    )
    client = TestClient(app)
    headers = {"Authorization": f"Bearer {issuer.access_token()}"}
    assert [client.get("/", headers=headers).status_code for _ in range(3)] == [404, 404, 404]
    assert client.get("/").status_code == 401
    assert (issuer.discovery.count, issuer.jwks.count) == (1, 1)


@only_in_ci()
@pytest.mark.skipif(not Path("/proc/self/net").exists(), reason="sockets are counted as on Linux")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_100_starts_and_stops_leave_nothing_behind(issuer: MockIssuer, backend: str) -> None:
    """C4: no task, socket, thread or file; a ResourceWarning would fail this test."""
    keys = RemoteJWKSet(issuer.jwks_uri)

    async def one_round(number: int) -> None:
        server = Server()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live, App(), keys, server)
            await server.started.wait()
            # Every other time there is a refresh in progress when the server stops.
            if number % 2:
                keys._cached.mark_due()
                assert keys.at_hand() is not None
                await anyio.lowlevel.checkpoint()
            server.stop.set()
        assert not keys._keys.is_refreshing()
        if backend == "asyncio":
            (_,) = asyncio.all_tasks()

    def rounds(number: int) -> None:
        for each in range(number):
            keys._cached.mark_due()
            anyio.run(one_round, each, backend=backend)
        gc.collect()

    def sockets_to_the_provider() -> int:
        # The provider is in this process and closes its own side at its own time.
        port = f":{int(issuer.jwks_uri.split(':')[2].split('/')[0]):04X}"
        lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
        mine = (line.split() for line in lines)
        return sum(1 for parts in mine if parts[2].endswith(port) and parts[9] != "0")

    rounds(3)
    before = threading.active_count()
    rounds(100)
    assert threading.active_count() <= before
    assert sockets_to_the_provider() == 0
    assert len(keys._keys._flights._flights) == 0
    assert issuer.jwks.count > 50
