"""`RemoteJWKSet`: an issuer's keys, fetched from its JWKS URL and kept fresh.

Its options are checked here, and its parts are put together: where the keys are, the cached set,
the search for keys that it lacks, and what outlives the process.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import anyio

from asgi_jwks._options import require_clock, require_text
from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.clocks import ElapsedClock
from asgi_jwks.caching.freshness import TrustPeriod
from asgi_jwks.caching.refresh_ahead import RefreshAhead
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.events.event import require_listener
from asgi_jwks.events.key_set import KeySetListener
from asgi_jwks.events.log import log_event
from asgi_jwks.fetching.client import Fetch, HTTPClient
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.secure_url import require_secure_url
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.keys.discovery import Metadata, require_key_set_url
from asgi_jwks.keys.distrust import DistrustedKeys, KeyName
from asgi_jwks.keys.health import KeySetHealth, health_of
from asgi_jwks.keys.jwks_document import JWKSDocument
from asgi_jwks.keys.key_search import KeySearch
from asgi_jwks.keys.key_set_observer import KeySetObserver
from asgi_jwks.keys.location import DiscoveredURL, GivenURL, Location
from asgi_jwks.keys.persistence import Persistence
from asgi_jwks.keys.snapshot import Snapshot, require_snapshot_path

__all__ = ["KeySetHealth", "RemoteJWKSet"]

ELAPSED: Final = ElapsedClock()

# After so many failed fetches in a row a start waits for the end of the backoff, too.
STARTS_IN_VAIN: Final = 3


class RemoteJWKSet:
    """The keys that an issuer publishes at its JWKS URL (RFC 7517, section 5).

    One instance may be used by several event loops in several threads, and survives a fork.

    Args:
        jwks_uri: the URL of the JWK Set; None to discover it from `issuer`.
        issuer: the issuer identifier, for discovery (RFC 8414; OpenID Connect Discovery 1.0).
        max_age: seconds that a set is fresh (600); Cache-Control may shorten it to 60.
        max_stale: seconds that the last good set serves beyond that while fetches fail (3600).
        max_wait: the most seconds that a request whose key is at hand waits for a refresh (1).
        timeout: seconds for one whole fetch, discovery, connecting and TLS included (5).
        refetch_burst: how many fetches unknown key ids may cause at once (2, at most 100).
        refetch_interval: seconds after which they may cause one more (30, from 1 to 600).
        http_client: an `httpx.AsyncClient` or the like, for a proxy, mTLS or a private CA, or an
            `httpx.AsyncBaseTransport`. It is used in whatever event loop uses this key set; to
            close it is the caller's part.
        fetch: an async callable used instead: `await fetch(url, headers) -> FetchResponse`.
        allow_insecure_http: accept http:// URLs of hosts other than loopback.
        snapshot: a file in which the last good set is kept for the next start of the process.
        listener: is called with each KeySetEvent; the default writes log lines.
        clock: seconds; the default also counts those for which the machine was suspended.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        jwks_uri: str | None = None,
        *,
        issuer: str | None = None,
        max_age: float = 600.0,
        max_stale: float = 3600.0,
        max_wait: float = 1.0,
        timeout: float = 5.0,
        refetch_burst: int = 2,
        refetch_interval: float = 30.0,
        http_client: HTTPClient | None = None,
        fetch: Fetch | None = None,
        allow_insecure_http: bool = False,
        snapshot: str | os.PathLike[str] | None = None,
        listener: KeySetListener = log_event,
        clock: Callable[[], float] = ELAPSED,
    ) -> None:
        period = TrustPeriod(
            max_age=max_age, max_stale=max_stale, max_wait=max_wait, timeout=timeout
        )
        budget = Budget(burst=refetch_burst, interval=refetch_interval)
        require_listener("listener", listener)
        require_clock(clock)
        if snapshot is not None:
            require_snapshot_path(snapshot)
        request = DocumentRequest(
            http_client=http_client, fetch=fetch, allow_insecure_http=allow_insecure_http
        )
        if issuer is not None:
            require_text("issuer", issuer, example="https://example.eu.auth0.com/")
        if jwks_uri is not None:
            require_secure_url("jwks_uri", jwks_uri, allow_insecure_http=allow_insecure_http)
            require_key_set_url(jwks_uri)
        elif issuer is None:
            raise ConfigurationError(
                "A RemoteJWKSet needs jwks_uri, or issuer to discover it from. Write for example "
                'RemoteJWKSet(issuer="https://example.eu.auth0.com/").'
            )
        self.name: Final = issuer or str(jwks_uri)
        is_plain_http = str(jwks_uri or issuer).lower().startswith("http:")
        self.relies_on_loopback: Final = is_plain_http and not allow_insecure_http
        """Whether it is asked over plain http, which is accepted since this machine answers."""
        # Requirement F24: by these, and no other options, one key set is known from another.
        self._source: Final = (
            *(self.name, jwks_uri, http_client, fetch, allow_insecure_http),
            *(period, budget, None if snapshot is None else os.fspath(snapshot)),
        )
        self._location: Final[Location] = (
            DiscoveredURL(Metadata(self.name, request), period, clock=clock)
            if jwks_uri is None
            else GivenURL(jwks_uri)
        )
        self._observer: Final = KeySetObserver(self.name, listener)
        distrusted: Final = DistrustedKeys(lambda: self._cached.review())
        self._cached: Final = CachedValue[JWKSet](
            period,
            budget=budget,
            observer=self._observer,
            clock=clock,
            view=distrusted.trusted,
        )
        wall = clock.wall if isinstance(clock, ElapsedClock) else time.time
        file = (
            None if snapshot is None else Snapshot(Path(snapshot), owner=self.name, wall_clock=wall)
        )
        self._kept: Final = Persistence(
            self.name, file, distrusted, wall_clock=wall, tell=self._observer.notify
        )
        self._document: Final = JWKSDocument(
            self.name, self._location, request=request, kept=self._kept
        )

        def asked() -> str:
            return self._document.asked

        load = self._observer.timed(self._document.load, asked)
        self._keys: Final = RefreshAhead(load, self._cached, source=asked)
        self._search: Final = KeySearch(
            self._keys,
            distrusted,
            interval=refetch_interval,
            on_unknown=self._observer.unknown_key,
        )
        # Hot path: bound, not wrapped.
        self.at_hand: Final = self._keys.at_hand
        """The set, if it may be used now without waiting, else None.

        A refresh that is due is started.
        """
        restored = self._kept.restored()
        if restored is not None and restored.loaded is not None:
            self._cached.restore(restored.loaded, age=restored.age)

    async def find(
        self, kid: str | None, algorithm: str, screen: Callable[[], object]
    ) -> VerificationKey:
        """The key of a token; waits, and fetches, as far as clocks and budget allow.

        Args:
            kid: the token's key id, if it has one.
            algorithm: the token's algorithm.
            screen: raises what the token would be refused for anyway, whoever signed it. A token
                that is refused so does not cost a fetch.

        Raises:
            InvalidToken: `screen` raised it, or no key or several keys fit.
            KeySetError: there are no keys that may be used.
        """
        return await self._search.find(kid, algorithm, screen)

    def can_find_more(self) -> bool:
        """Whether `find` would wait, fetch or schedule a refresh for an unknown key.

        Only a token that was screened may have a refresh scheduled; one is enough for all.
        """
        return self._search.can_find_more()

    def can_replace(self, key: VerificationKey) -> bool:
        """Whether a signature that does not fit `key` may cause or join a fetch."""
        return self._search.can_replace(key)

    async def replacement_for(self, key: VerificationKey, algorithm: str) -> VerificationKey | None:
        """Another key under the same key id, if one refetch finds it.

        For a token whose signature does not fit `key`, and that would pass otherwise.
        """
        return await self._search.replacement_for(key, algorithm)

    def same_source(self, other: object) -> bool:
        """Whether the other one fetches its keys from the same place, in the same way."""
        return isinstance(other, RemoteJWKSet) and self._source == other._source

    async def warm(self) -> None:
        """Fetch the keys unless fresh ones are at hand.

        While they fail to come, it is as sparing as requests are: functions in clouds may start an
        application anew for each of those.

        Raises:
            KeySetError: there are none that may be used.
        """
        backoff = self._cached.freshness.backoff
        if backoff.failures < STARTS_IN_VAIN or backoff.allows(self._cached.now()):
            await self._keys.refreshed_if_due()
        else:
            self._cached.usable()

    async def refresh(self) -> None:
        """Fetch the keys now, by a fetch that begins after this call.

        Where the JWKS URL is discovered, the issuer's metadata is fetched before it, so that keys
        are not asked for at a place that the issuer has given up. Caches are passed by. Clocks,
        budget and backoff are ignored. Callers during one fetch share the next one.

        Raises:
            KeySetError: either failed; the last good set stays in use within its period.
        """
        await self._keys.refresh()

    async def keep_fresh(self) -> None:
        """Refresh the keys whenever they are due, until cancelled."""
        await self._keys.keep_fresh(self._sleep)

    async def aclose(self) -> None:
        """Cancel this event loop's refresh, and wait until it is gone.

        The key set stays usable: whatever needs it next starts over.
        """
        await self._keys.aclose()
        await self._location.aclose()

    def distrust(self, *, kid: str | None = None, thumbprint: str | None = None) -> None:
        """Refuse a key from now on, whatever the issuer publishes, until `trust_again`.

        Tokens of the key get 401 at once, also during an outage and when they were verified before.
        With a snapshot, the word survives a restart, and the other processes that share the file
        learn of it with their next refresh. The file is written before this returns, which takes a
        second at most where another process has it: an async handler calls it in a thread.

        Args:
            kid: a key id; whatever is published under it later is refused too.
            thumbprint: the RFC 7638 thumbprint of key material, whatever its key id.

        Raises:
            ConfigurationError: none or both are given, or it is not such a name.
        """
        self._say(KeyName.of(kid=kid, thumbprint=thumbprint), is_distrusted=True)

    def trust_again(self, *, kid: str | None = None, thumbprint: str | None = None) -> None:
        """Undo `distrust`, by the same name.

        Raises:
            ConfigurationError: none or both are given, or it is not such a name.
        """
        self._say(KeyName.of(kid=kid, thumbprint=thumbprint), is_distrusted=False)

    def add_listener(self, listener: KeySetListener) -> None:
        """Have one listener more hear of the changes; the same one is added once."""
        self._observer.add(listener)

    def health(self) -> KeySetHealth:
        """The state of the key set. It touches no network and changes nothing."""
        return health_of(
            self.name,
            self._cached,
            self._kept.distrusted.list,
            clock_ahead=self._document.clock_ahead,
        )

    async def _sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
        await self._kept.learn()

    def _say(self, name: KeyName, *, is_distrusted: bool) -> None:
        is_news, is_kept = self._kept.say(name, is_distrusted=is_distrusted)
        if is_news:
            self._observer.said(name, is_distrusted=is_distrusted, is_kept=is_kept)
