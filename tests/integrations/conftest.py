"""The applications of this room are the examples themselves, loaded afresh, with no network."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.support.groups import require

from asgi_jwks.testing import MockIssuer

EXAMPLES = Path(__file__).parents[2] / "examples"

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: of http status, headers and body, of a WebSocket the messages too."""

    status: int | None
    headers: dict[str, str]
    body: bytes
    messages: list[Message] = field(compare=False, repr=False)

    @property
    def close_code(self) -> int | None:
        """Of a WebSocket that was closed before it was accepted."""
        first = self.messages[0]
        return first.get("code", 1000) if first["type"] == "websocket.close" else None


@dataclass(frozen=True, slots=True)
class Skin:
    """One example: the provider that it trusts, and the application as a server sees it."""

    name: str
    issuer: MockIssuer
    app: Any

    async def http(self, path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> Answer:
        """One request, by ASGI alone, so that no client smooths the answer."""
        scope = {**_scope("http", path, headers), "method": method}
        return await self._exchange(scope, [{"type": "http.request", "body": b""}])

    async def websocket(
        self, path: str, *headers: tuple[bytes, bytes], extensions: tuple[str, ...] = ()
    ) -> Answer:
        """One connection that says "hello", if it is accepted."""
        scope = {
            **_scope("websocket", path, headers),
            "scheme": "ws",
            "subprotocols": [],
            "extensions": {name: {} for name in extensions},
        }
        said = {"type": "websocket.receive", "text": "hello", "bytes": None}
        return await self._exchange(scope, [{"type": "websocket.connect"}, said])

    async def _exchange(self, scope: Message, messages: list[Message]) -> Answer:
        sent: list[Message] = []
        waiting = list(messages)
        answered = anyio.Event()

        async def receive() -> Message:
            if waiting:
                return waiting.pop(0)
            # As servers do: the client is gone once it has its answer.
            await answered.wait()
            return {"type": f"{scope['type']}.disconnect", "code": 1000}

        async def send(message: Any) -> None:
            sent.append(dict(message))
            kind = message["type"]
            last = kind.endswith("response.body") and not message.get("more_body", False)
            if last or kind == "websocket.close":
                answered.set()

        with anyio.fail_after(30):
            await self.app(scope, receive, send)
        start = next((m for m in sent if m["type"].endswith("response.start")), None)
        return Answer(
            start["status"] if start else None,
            {n.decode().lower(): v.decode() for n, v in start["headers"]} if start else {},
            b"".join(m.get("body", b"") for m in sent if m["type"].endswith("response.body")),
            sent,
        )


def _scope(kind: str, path: str, headers: tuple[tuple[bytes, bytes], ...]) -> Message:
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        "state": {},
    }


def _forget_configuration_of_django() -> None:
    """Django is configured once per process; an example that configures it may run again."""
    from django.conf import settings
    from django.utils.functional import empty

    settings._wrapped = empty


@pytest.fixture(scope="module")
def load_skin() -> Iterator[Callable[[str], Skin]]:
    """Loads an example by name; each load is a new application with a new provider."""
    loaded: list[str] = []

    def load(name: str) -> Skin:
        require(name)
        if name == "django_app":
            _forget_configuration_of_django()
        module_name = f"loaded_{len(loaded)}_{name}"
        spec = importlib.util.spec_from_file_location(module_name, EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        loaded.append(module_name)
        spec.loader.exec_module(module)
        return Skin(name, module.issuer, module.app)

    yield load
    for module_name in loaded:
        del sys.modules[module_name]
