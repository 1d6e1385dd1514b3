"""An HTTP endpoint of the provider: its faults, and its record of requests.

It does not know the healthy answer. Every method may be called from any thread.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from asgi_jwks.testing.provider import faults

__all__ = ["FaultyEndpoint", "RecordedRequest"]

_HTML = b"<!doctype html><title>Just a moment</title><p>Checking your browser before you go on."


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as it arrived: `time` by the issuer's clock, header names in lower case."""

    time: float
    method: str
    path: str
    headers: Mapping[str, str]


class FaultyEndpoint(ABC):
    """An endpoint that can be told to fail in many ways.

    One fault is in force at a time: a second one replaces the first, and `recover()` ends it.
    `times` limits a fault to that many requests; the requests after them are answered healthily.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._requests: list[RecordedRequest] = []
        self._fault: faults.Fault | None = None
        self._times: int | None = None
        self._generation = 0

    # The record.

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request since construction or the last `reset()`, in order of arrival."""
        with self._changed:
            return tuple(self._requests)

    @property
    def count(self) -> int:
        """How many requests there have been."""
        return len(self._requests)

    def wait_for_requests(self, count: int, *, timeout: float = 5.0) -> None:
        """Block this thread until `count` requests have arrived since the last `reset()`.

        Raises TimeoutError after `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, timeout):
                raise TimeoutError(f"{len(self._requests)} of {count} requests arrived in time")

    # The faults.

    def fail(
        self, status: int = 500, *, retry_after: float | str | None = None, times: int | None = None
    ) -> None:
        """Answer with `status`, and with Retry-After in seconds or as an HTTP date if given."""
        headers = {"content-type": "text/plain"}
        if retry_after is not None:
            headers["retry-after"] = str(retry_after)
        self._put(faults.response(status, headers, b"the mock issuer was told to fail"), times)

    def hang(self, *, times: int | None = None) -> None:
        """Accept requests and do not answer them.

        A hanging request ends when its client or the server leaves. When another fault or
        `recover()` follows, the requests that still hang are answered in that way.
        """

        with self._changed:
            generation = self._generation + 1

            def is_replaced() -> bool:
                return self._generation != generation

            async def silence(scope: Scope, receive: Receive, send: Send) -> None:
                if not await faults.client_leaves(receive, before=is_replaced):
                    await self._answer(scope, receive, send)

            self._put(silence, times)

    def drip(self, *, every: float = 0.05, times: int | None = None) -> None:
        """Start a good answer, and send one blank every `every` seconds without an end."""
        self._put(faults.drip(every), times)

    def garbage(self, *, times: int | None = None) -> None:
        """Answer 200 with a web page, as captive portals and firewalls do."""
        self._put(faults.response(200, {"content-type": "text/html"}, _HTML), times)

    def oversize(self, size: int = 32 * 1024 * 1024, *, times: int | None = None) -> None:
        """Answer with a document of `size` bytes, without a Content-Length."""
        self._put(faults.oversize(size), times)

    def redirect(
        self, to: str | None = None, *, status: int = 302, times: int | None = None
    ) -> None:
        """Answer with a redirect to the URL `to`.

        Without `to` it leads to the healthy answer, so that a client that follows redirects
        gives itself away by its success.
        """

        async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["query_string"] == b"moved":
                await self._healthy(scope, receive, send)
            else:
                location = f"{scope['path']}?moved" if to is None else to
                await faults.respond(send, status, {"location": location})

        self._put(elsewhere, times)

    def delay(self, seconds: float, *, times: int | None = None) -> None:
        """Answer healthily, `seconds` late."""
        self._put(faults.delayed(seconds, self._healthy), times)

    def recover(self) -> None:
        """End the fault. Requests that hang are answered."""
        self._put(None, None)

    def reset(self) -> None:
        """End the fault, and forget the recorded requests."""
        self.recover()
        with self._changed:
            self._requests.clear()

    # The answers.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        request = RecordedRequest(self._clock(), scope["method"], scope["path"], headers)
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._take() or self._healthy)(scope, receive, send)

    @abstractmethod
    async def _healthy(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer where no fault is in force."""
        ...

    def _put(self, fault: faults.Fault | None, times: int | None) -> None:
        with self._changed:
            self._fault = fault
            self._times = times
            self._generation += 1

    def _take(self) -> faults.Fault | None:
        with self._changed:
            fault = self._fault
            if fault is not None and self._times is not None:
                self._times -= 1
                if self._times <= 0:
                    self._fault = None
            return fault
