"""`health_app`: readiness and liveness of a resource server, for whatever watches it.

They follow from the state of the keys alone: nothing that a request brings can change an answer.
"""

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from asgi_jwks._options import require_text
from asgi_jwks.asgi.public_paths import PublicPaths, route_path
from asgi_jwks.asgi.types import ASGIApp, Receive, Scope, Send
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.keys.health import KeySetState

__all__ = ["HealthPath", "Readiness", "health_app"]

# Requirement W1: anybody may ask, and the answer for a thousand issuers takes longer than an event
# loop may stand still: one key set takes 20 us. Of more key sets than these, an answer is kept for
# so many seconds per key set, 20 times as long as it took. The number of them decides, and not a
# measured time, in which a garbage collection would count.
FEW_KEY_SETS: Final = 50
KEPT_PER_KEY_SET: Final = 0.0004

LIVE: Final = "/live"
READY: Final = "/ready"


class Watched(Protocol):
    """A verifier, as far as its health is asked for."""

    def key_set_states(self) -> Iterable[KeySetState]: ...


def health_app(guard: Any) -> ASGIApp:
    """An ASGI application that answers whether this server is ready, and whether it is alive.

        Mount("/health", health_app(verifier))

    GET of its root or of `/ready` is 200 while the keys of one trusted issuer at least are usable,
    else 503; `/live` is 200 as long as the process answers. The bodies are JSON without secrets;
    docs/guides/health.md has their schema.

    Args:
        guard: an AccessTokenVerifier, or a JWTBearerMiddleware or FastAPI's JWTBearer that has one.

    Raises:
        ConfigurationError: it is none of these.
    """
    readiness = Readiness(_watched(guard))

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _answer(route_path(scope), scope, send, readiness)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})

    return answer


class HealthPath:
    """The same answers at a path of a middleware, which needs no token.

    Args:
        path: such as "/health".
        guard: as of `health_app`.

    Raises:
        ConfigurationError: it is not a path.
    """

    def __init__(self, path: object, guard: Any) -> None:
        root = require_text("health_path", path, example="/health")
        if not root.startswith("/") or root.endswith("/") or "*" in root or "//" in root:
            raise ConfigurationError(f'health_path must be a path like "/health"; got {path!r}.')
        self._root: Final = root
        self._paths: Final = PublicPaths((root, root + READY, root + LIVE))
        self._readiness: Final = Readiness(_watched(guard))

    async def answered(self, scope: Scope, send: Send) -> bool:
        """Whether a connection was for health, and is answered."""
        if scope["type"] != "http" or not self._paths.match(scope):
            return False
        await _answer(route_path(scope).removeprefix(self._root), scope, send, self._readiness)
        return True


def _watched(guard: Any) -> Watched:
    verifier = getattr(guard, "verifier", guard)
    if isinstance(verifier, type) or not callable(getattr(verifier, "key_set_states", None)):
        raise ConfigurationError(
            f"health_app needs an AccessTokenVerifier, or a middleware that has one; got {guard!r}."
        )
    watched: Watched = verifier
    return watched


class Readiness:
    """The answer about readiness: of this moment, unless it takes much work.

    Args:
        watched: the verifier.
        clock: monotonic seconds.
    """

    def __init__(self, watched: Watched, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._watched: Final = watched
        self._clock: Final = clock
        self._kept = 0, b""
        self._kept_until = -math.inf

    def answer(self) -> tuple[int, bytes]:
        """The status and the body."""
        now = self._clock()
        if now < self._kept_until:
            return self._kept
        states = list(self._watched.key_set_states())
        answer = _readiness(states)
        if len(states) > FEW_KEY_SETS:
            self._kept, self._kept_until = answer, now + KEPT_PER_KEY_SET * len(states)
        return answer


async def _answer(path: str, scope: Scope, send: Send, readiness: Readiness) -> None:
    status, body, fields = 404, b"", list[tuple[bytes, bytes]]()
    if scope["method"] not in {"GET", "HEAD"}:
        status, fields = 405, [(b"allow", b"GET, HEAD")]
    elif path == LIVE:
        status, body = 200, b'{"status": "alive"}'
    elif path in {"", "/", READY}:
        status, body = readiness.answer()
    fields += [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    content = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": content})


def _readiness(states: Sequence[KeySetState]) -> tuple[int, bytes]:
    """Ready while tokens of some issuer can be verified.

    Were it those of each issuer, the outage of one would take the users of all others away.
    """
    usable = sum(state.is_usable for state in states)
    status = "ready" if usable == len(states) else "degraded" if usable else "unready"
    key_sets = [
        {
            "key_set": state.key_set,
            "state": state.state,
            "usable": state.is_usable,
            "age": _rounded(state.age),
            "trust_remaining": _rounded(state.trust_remaining),
            "keys": state.keys,
            "skipped_keys": sum(state.skipped.values()),
            "failures": state.failures,
        }
        for state in states
    ]
    body = json.dumps({"status": status, "key_sets": key_sets}).encode()
    return 503 if status == "unready" else 200, body


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
