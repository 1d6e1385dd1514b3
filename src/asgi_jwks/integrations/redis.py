"""The memory of used DPoP proofs in Redis or Valkey.

Several workers and hosts share it. The client is the caller's, and so are its connections. A server
that was started lately has lost the memory of proofs that were made before: those are refused.
"""

import inspect
import re
import secrets
from math import ceil
from typing import Any, Final, Self

from asgi_jwks._options import require_flag, require_text
from asgi_jwks.errors import ConfigurationError, ReplayStoreUnavailable
from asgi_jwks.jose.encoding import b64url_encode

__all__ = ["RedisReplayStore"]

# A name with a space in it has no parser in redis-py, and one answer has some 30 lines.
_INFO: Final = "INFO server"
# By so many seconds a server may be younger than it says: it counts from the beginning of the
# second in which it was started, and it was asked some time after the clock was read.
_YOUNGER: Final = 2
_UPTIME: Final = re.compile(r"^uptime_in_seconds:([0-9]{1,12})\r?$", re.MULTILINE)

# The life of a proof by the defaults of DPoP, in seconds; it says otherwise where they differ.
_LONGEST_TTL: Final = 70.0


class RedisReplayStore:
    """Used proofs in Redis or Valkey: a `ReplayStore`, one round trip for each proof.

        client = redis.asyncio.Redis(host="redis.internal")
        DPoP(public_origin="https://api.example.com", replay_store=RedisReplayStore(client))

    Each proof is one `SET NX PX`. Keys are digests, values are random; no token, proof or
    thumbprint is stored. The server must not evict keys (`maxmemory-policy noeviction`).

    Args:
        client: an asyncio client of redis-py or valkey-py; it is never closed here.
        prefix: the beginning of the names of all keys.
        survives_restarts: the server writes each use to disk before it answers (`appendonly yes`),
            so that its age need not be asked for with each proof.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(
        self,
        client: Any,
        *,
        prefix: str = "asgi-jwks:dpop:",
        survives_restarts: bool = False,
    ) -> None:
        # The methods of a sync client block the event loop, and are the same in name.
        if isinstance(client, type) or not inspect.iscoroutinefunction(
            getattr(client, "execute_command", None)
        ):
            raise ConfigurationError(
                "client must be an asyncio client of redis-py or valkey-py; got "
                f"{type(client).__name__}. Write for example "
                "RedisReplayStore(redis.asyncio.Redis(host=...))."
            )
        self._client: Final = client
        self._prefix: Final = require_text("prefix", prefix, example="asgi-jwks:dpop:")
        self._survives_restarts: Final = require_flag("survives_restarts", survives_restarts)
        self._longest_ttl = _LONGEST_TTL

    @classmethod
    def from_url(
        cls, url: str, *, prefix: str = "asgi-jwks:dpop:", survives_restarts: bool = False
    ) -> Self:
        """A store with a client of its own, which connects when the first proof comes.

        Args:
            url: as redis-py takes it: "redis://redis.internal:6379/0", "rediss://..." for TLS, or
                "unix:///path".
            prefix, survives_restarts: as above.

        Raises:
            ConfigurationError: an option is wrong, or redis-py is not installed.
        """
        try:
            import redis.asyncio
        except ImportError:
            raise ConfigurationError(
                "A replay store in Redis needs redis-py. Install it by: "
                "pip install 'asgi-jwks[redis]'"
            ) from None
        try:
            client = redis.asyncio.Redis.from_url(url)
        # A URL is taken apart there, whatever it is. It may hold a password.
        except Exception:
            raise ConfigurationError(
                "the URL of a replay store begins with redis://, rediss:// or unix://. Write for "
                "example redis://redis.internal:6379/0."
            ) from None
        return cls(client, prefix=prefix, survives_restarts=survives_restarts)

    def expect(self, longest_ttl: float) -> None:
        """Be told the longest time that a proof is remembered for, in seconds."""
        self._longest_ttl = max(self._longest_ttl, longest_ttl)

    async def first_use(self, key: bytes, ttl: float) -> bool:
        """Whether this is the first use of a proof; see `ReplayStore`.

        Raises:
            ReplayStoreUnavailable: the server may have forgotten an earlier use.
            redis.exceptions.RedisError: the server cannot be asked.
        """
        name = self._prefix + b64url_encode(key)
        mine = secrets.token_hex(8)
        milliseconds = max(1, ceil(ttl * 1000))
        if self._survives_restarts:
            answer = await self._client.set(name, mine, nx=True, px=milliseconds)
        else:
            async with self._client.pipeline(transaction=False) as pipeline:
                pipeline.set(name, mine, nx=True, px=milliseconds)
                pipeline.execute_command(_INFO)
                answer, info = await pipeline.execute()
            self._check_age(info, ttl)
        if answer is None:
            # Clients ask again when a connection breaks: the first use may be this one.
            return _text(await self._client.get(name)) == mine
        return answer is True

    def _check_age(self, info: object, ttl: float) -> None:
        """Raise ReplayStoreUnavailable for a proof that is older than the server."""
        uptime = _UPTIME.search(_text(info))
        if uptime is None:
            raise ReplayStoreUnavailable("INFO of the replay store does not tell its uptime")
        # A proof that was made now would have the longest time before it.
        missing = self._longest_ttl - ttl - max(0, int(uptime[1]) - _YOUNGER)
        if missing > 0:
            raise ReplayStoreUnavailable(
                "the replay store was started after the proof was made", retry_after=missing
            )

    def __repr__(self) -> str:
        return f"RedisReplayStore(prefix={self._prefix!r})"


def _text(answer: object) -> str:
    return answer.decode("latin-1") if isinstance(answer, bytes) else str(answer)
