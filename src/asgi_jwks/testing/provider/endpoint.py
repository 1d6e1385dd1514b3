"""One document of the provider over HTTP: its healthy answer, and faults of its content.

It does not know what the document says. Every method may be called from any thread.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Literal

from starlette.types import Receive, Scope, Send

from asgi_jwks.testing.provider import faults
from asgi_jwks.testing.provider.faulty_endpoint import FaultyEndpoint

__all__ = ["Endpoint"]

_JSON = {"content-type": "application/json"}


class Endpoint(FaultyEndpoint):
    """A JSON document with an ETag that can be told to fail in many ways.

    One fault is in force at a time: a second one replaces the first, and `recover()` ends it.
    `times` limits a fault to that many requests; the requests after them are answered healthily.

    `cache_control` is the header of healthy answers, or None for none; `etag` is the kind of
    entity tag (RFC 9110, section 8.8.3) that they carry, or None for none.
    """

    def __init__(
        self, document: Callable[[], Mapping[str, object]], *, clock: Callable[[], float]
    ) -> None:
        super().__init__(clock=clock)
        self._document = document
        self.cache_control: str | None = None
        self.etag: Literal["strong", "weak"] | None = "strong"

    def truncate(self, *, times: int | None = None) -> None:
        """Announce the whole document, send half of it, and drop the connection."""
        self._put(faults.truncated(self._body()), times)

    def empty(self, *, times: int | None = None) -> None:
        """Answer with a JWK Set that has no keys."""
        self.document({"keys": []}, times=times)

    def document(self, body: object, *, times: int | None = None) -> None:
        """Answer 200 with `body`: bytes as they are, anything else as JSON."""
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._put(faults.response(200, _JSON, octets), times)

    def reset(self) -> None:
        """End the fault, forget the recorded requests, and restore `cache_control` and `etag`."""
        super().reset()
        self.cache_control = None
        self.etag = "strong"

    async def _healthy(self, scope: Scope, _receive: Receive, send: Send) -> None:
        body = self._body()
        headers = dict(_JSON)
        if self.cache_control is not None:
            headers["cache-control"] = self.cache_control
        if self.etag is not None:
            tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            headers["etag"] = tag if self.etag == "strong" else f"W/{tag}"
            if tag in _entity_tags(scope):
                await faults.respond(send, 304, headers)
                return
        await faults.respond(send, 200, headers, body)

    def _body(self) -> bytes:
        return json.dumps(self._document()).encode()


def _entity_tags(scope: Scope) -> list[str]:
    """The tags of If-None-Match under weak comparison (RFC 9110, section 13.1.2)."""
    values = [value for name, value in scope["headers"] if name == b"if-none-match"]
    tags = b",".join(values).decode("latin-1").split(",")
    return [tag.strip().removeprefix("W/") for tag in tags]
