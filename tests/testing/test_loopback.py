import asyncio
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send
from websockets.sync.client import connect

from asgi_jwks.testing import LoopbackServer, MockIssuer, serve_app
from asgi_jwks.testing.hang_up import HangUp


async def echo_of_the_path(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def serving_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("serving")]


def test_any_application_is_served_on_a_port_of_its_own() -> None:
    with serve_app(echo_of_the_path) as one, serve_app(echo_of_the_path) as other:
        assert one != other
        assert httpx.get(f"{one}/hello").text == "/hello"
        assert httpx.get(f"{other}/hello").text == "/hello"


def test_after_the_block_no_thread_is_left_and_nobody_listens() -> None:
    before = serving_threads()
    with serve_app(echo_of_the_path) as url:
        assert len(serving_threads()) == len(before) + 1
    assert serving_threads() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_the_port_can_be_chosen_and_used_again_at_once() -> None:
    with serve_app(echo_of_the_path) as url:
        port = urlsplit(url).port or 0
        assert httpx.get(url).status_code == 200
    with serve_app(echo_of_the_path, port=port) as again:
        assert again == url
        assert httpx.get(url).status_code == 200


def test_a_taken_port_is_an_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = LoopbackServer(echo_of_the_path, port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            server.start()
        server.stop()


def test_the_loopback_of_ipv6_is_written_in_brackets() -> None:
    with serve_app(echo_of_the_path, host="::1") as url:
        assert url.startswith("http://[::1]:")
        assert httpx.get(f"{url}/six").text == "/six"


def test_a_lifespan_runs_around_the_serving() -> None:
    events: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        for phase in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{phase}"
            events.append(phase)
            await send({"type": f"lifespan.{phase}.complete"})

    with serve_app(app):
        assert events == ["startup"]
    assert events == ["startup", "shutdown"]


def test_an_application_that_fails_to_start_is_not_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    before = serving_threads()
    with pytest.raises(RuntimeError, match="did not start"), serve_app(app):
        pass
    assert serving_threads() == before
    assert "no database" in caplog.text


def test_a_stop_ends_hanging_requests(caplog: pytest.LogCaptureFixture) -> None:
    issuer = MockIssuer(algorithm="ES256")
    issuer.jwks.hang()
    before = serving_threads()
    with ThreadPoolExecutor(2) as threads:
        with issuer.serve():
            answers = [threads.submit(httpx.get, issuer.jwks_uri) for _ in range(2)]
            issuer.jwks.wait_for_requests(2, timeout=30)
        # Were it not told to stop, its thread would be left behind.
        assert serving_threads() == before
        for answer in answers:
            assert isinstance(answer.exception(30), httpx.RemoteProtocolError)
    assert caplog.records == []


def test_a_stop_ends_an_application_that_does_not_look_at_its_client(
    caplog: pytest.LogCaptureFixture,
) -> None:
    busy = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        busy.set()
        await anyio.sleep_forever()

    before = serving_threads()
    with ThreadPoolExecutor(1) as threads:
        with serve_app(app) as url:
            answer = threads.submit(httpx.get, url)
            assert busy.wait(30)
        # Were it not told to stop, its thread would be left behind.
        assert serving_threads() == before
        assert isinstance(answer.exception(30), httpx.RemoteProtocolError)
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_a_stop_waits_for_a_request_that_cleans_up_for_long() -> None:
    busy, over = threading.Event(), threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        busy.set()
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)
                over.set()

    with ThreadPoolExecutor(1) as threads:
        with serve_app(app) as url:
            answer = threads.submit(httpx.get, url)
            assert busy.wait(30)
        assert over.is_set()
        assert isinstance(answer.exception(30), httpx.RemoteProtocolError)


def test_nothing_is_accepted_any_more_when_the_socket_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else asyncio drops a connection that it has just accepted, and its socket is never closed."""
    accepting: list[bool] = []
    close = asyncio.Server.close

    def look_and_close(server: asyncio.Server) -> None:
        loop = server.get_loop()
        accepting.extend(loop.remove_reader(each.fileno()) for each in server.sockets)
        close(server)

    monkeypatch.setattr(asyncio.Server, "close", look_and_close)
    with serve_app(echo_of_the_path) as url:
        assert httpx.get(url).status_code == 200
    assert accepting == [False]


def test_websockets_are_served() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "hello"})
        await receive()

    with serve_app(app) as url, connect(url.replace("http", "ws")) as websocket:
        assert websocket.recv(timeout=30) == "hello"


def test_an_application_that_hangs_up_closes_its_own_connection_and_no_other() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        if scope["path"] == "/drop":
            raise HangUp
        await echo_of_the_path(scope, receive, send)

    with serve_app(app) as url, httpx.Client() as kept, httpx.Client() as dropped:
        first = kept.get(f"{url}/one").extensions["network_stream"].get_extra_info("client_addr")
        with pytest.raises(httpx.RemoteProtocolError):
            dropped.get(f"{url}/drop")
        again = kept.get(f"{url}/two").extensions["network_stream"].get_extra_info("client_addr")
        assert again == first
