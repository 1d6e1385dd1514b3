"""The end of a lifespan: after its last message nothing is left to do."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
import pytest

from asgi_jwks import JWTBearerMiddleware, RemoteJWKSet

anywhere = pytest.mark.anyio

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


async def stops_well(_: Message, receive: Receive, send: Send) -> None:
    for stage in ("startup", "shutdown"):
        assert (await receive())["type"] == f"lifespan.{stage}"
        await send({"type": f"lifespan.{stage}.complete"})


async def fails_to_start(_: Message, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def fails_to_stop(_: Message, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": "no database"})


async def goes_on_to_receive(scope: Message, receive: Receive, send: Send) -> None:
    await stops_well(scope, receive, send)
    await receive()


async def no_keys(_: str, __: object) -> Any:
    raise OSError("there is no network")


def protected(app: App) -> JWTBearerMiddleware:
    return JWTBearerMiddleware(
        app,
        issuer="https://issuer.example/",
        audience="https://api.example.com",
        keys=RemoteJWKSet("https://issuer.example/keys", fetch=no_keys),
    )


@anywhere
@pytest.mark.parametrize(
    ("app", "last"),
    [
        pytest.param(stops_well, "shutdown.complete", id="stopped"),
        pytest.param(fails_to_start, "startup.failed", id="not-started"),
        pytest.param(fails_to_stop, "shutdown.failed", id="not-stopped"),
    ],
)
async def test_a_server_that_cancels_after_the_last_message_cancels_nothing(
    app: App, last: str
) -> None:
    """C4: as Hypercorn does, which shows a traceback of whatever it cancels."""
    messages = ["lifespan.startup", "lifespan.shutdown"]
    sent = []

    async def receive() -> Message:
        await anyio.lowlevel.checkpoint()
        return {"type": messages.pop(0)}

    with anyio.CancelScope() as lifespan:

        async def send(message: Message) -> None:
            sent.append(message["type"].removeprefix("lifespan."))
            if sent[-1] == last:
                lifespan.cancel()

        await protected(app)({"type": "lifespan"}, receive, send)
        sent.append("ended")
    assert sent[-2:] == [last, "ended"]


@anywhere
async def test_an_application_that_goes_on_to_receive_has_its_last_message_sent() -> None:
    messages = ["lifespan.startup", "lifespan.shutdown"]
    sent = []
    waits_in_vain = anyio.Event()

    async def receive() -> Message:
        if not messages:
            waits_in_vain.set()
            await anyio.sleep_forever()
        return {"type": messages.pop(0)}

    async def send(message: Message) -> None:
        sent.append(message["type"].removeprefix("lifespan."))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(protected(goes_on_to_receive), {"type": "lifespan"}, receive, send)
        with anyio.fail_after(30):
            await waits_in_vain.wait()
        assert sent == ["startup.complete", "shutdown.complete"]
        tasks.cancel_scope.cancel()
