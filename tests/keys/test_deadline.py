"""The deadline of one whole fetch, over real sockets."""

import anyio
import anyio.abc
import pytest
from tests.support.raw_server import HEAD, talking

from asgi_jwks.errors import KeySetUnavailable
from asgi_jwks.keys.remote import RemoteJWKSet

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("stage", ["tls", "headers", "body", "drip"])
async def test_the_deadline_covers_connect_headers_and_the_whole_body(stage: str) -> None:
    """F9, F20, F22: a stalled body or handshake is reported as late, and the URL is named."""

    async def stall(stream: anyio.abc.ByteStream) -> None:
        if stage in {"body", "drip"}:
            await stream.send(HEAD + b'content-length: 1000\r\n\r\n{"keys": [')
        while stage == "drip":
            await stream.send(b" ")
            await anyio.sleep(0.02)
        await anyio.sleep_forever()

    async with talking(stall) as url:
        if stage == "tls":
            url = url.replace("http:", "https:")
        # A connection whose making is cancelled in its last moment is left to the collector by the
        # libraries below, and warned of: the deadline is far from that on a busy machine.
        keys = RemoteJWKSet(url, timeout=0.4, listener=lambda event: None)
        with pytest.raises(KeySetUnavailable) as unavailable, anyio.fail_after(30):
            await keys.refresh()
    assert str(unavailable.value) == f"{url}: no complete answer within 0.4 s"
