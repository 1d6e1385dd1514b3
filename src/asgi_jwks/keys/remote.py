"""`RemoteJWKSet`: an issuer's keys, fetched from its JWKS URL and kept fresh.

Which fetch an unknown key id, or a signature that does not fit its key, may cause is decided here.
It knows no claims: the caller screens a token before it lets it cost a fetch.
"""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import anyio

from asgi_jwks._options import require_callable, require_text
from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.clocks import ElapsedClock
from asgi_jwks.caching.freshness import Phase, TrustPeriod
from asgi_jwks.caching.refresh_ahead import RefreshAhead
from asgi_jwks.errors import ConfigurationError, InvalidToken, Reason
from asgi_jwks.events.key_set import Listener
from asgi_jwks.events.log import log_event
from asgi_jwks.fetching.client import Fetch, HTTPClient
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.secure_url import require_secure_url
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.keys.discovery import Metadata
from asgi_jwks.keys.distrust import DistrustedKeys, KeyName
from asgi_jwks.keys.health import KeySetHealth, health_of
from asgi_jwks.keys.jwks_document import JWKSDocument
from asgi_jwks.keys.key_set_observer import KeySetObserver
from asgi_jwks.keys.snapshot import Snapshot, SnapshotRefused
from asgi_jwks.keys.sought import Sought

__all__ = ["KeySetHealth", "RemoteJWKSet"]

_log: Final = logging.getLogger("asgi_jwks.keys")

ELAPSED: Final = ElapsedClock()


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
        listener: Listener = log_event,
        clock: Callable[[], float] = ELAPSED,
    ) -> None:
        period = TrustPeriod(
            max_age=max_age, max_stale=max_stale, max_wait=max_wait, timeout=timeout
        )
        budget = Budget(burst=refetch_burst, interval=refetch_interval)
        require_callable("listener", listener, form="listener(event)")
        require_callable("clock", clock, form="clock()")
        if snapshot is not None and not isinstance(snapshot, str | os.PathLike):
            raise ConfigurationError(
                f'snapshot must be the path of a file, such as "keys.json"; got {snapshot!r}.'
            )
        request = DocumentRequest(
            http_client=http_client, fetch=fetch, allow_insecure_http=allow_insecure_http
        )
        if jwks_uri is not None:
            require_secure_url("jwks_uri", jwks_uri, allow_insecure_http=allow_insecure_http)
        elif issuer is not None:
            require_text("issuer", issuer, example="https://example.eu.auth0.com/")
        else:
            raise ConfigurationError(
                "A RemoteJWKSet needs jwks_uri, or issuer to discover it from. Write for example "
                'RemoteJWKSet(issuer="https://example.eu.auth0.com/").'
            )
        self.name: Final = issuer or str(jwks_uri)
        is_plain_http = str(jwks_uri or issuer).lower().startswith("http:")
        self.relies_on_loopback: Final = is_plain_http and not allow_insecure_http
        """Whether it is asked over plain http, which is accepted since this machine answers."""
        self._jwks_uri: Final = jwks_uri
        # Requirement F24: by these, and no other options, one key set is known from another.
        self._source: Final = (
            *(self.name, jwks_uri, http_client, fetch, allow_insecure_http),
            *(period, budget, None if snapshot is None else os.fspath(snapshot)),
        )
        metadata = Metadata(self.name, request) if jwks_uri is None else None
        self._metadata: Final = (
            RefreshAhead(
                metadata.load, CachedValue[str](period, clock=clock), source=lambda: metadata.url
            )
            if metadata is not None
            else None
        )
        self._wall: Final = clock.wall if isinstance(clock, ElapsedClock) else time.time
        self._snapshot: Final = (
            Snapshot(Path(snapshot), owner=self.name, wall_clock=self._wall)
            if snapshot is not None
            else None
        )
        self._observer: Final = KeySetObserver(self.name, listener)
        self._distrusted: Final = DistrustedKeys(lambda: self._cached.review())
        self._cached: Final = CachedValue[JWKSet](
            period,
            budget=budget,
            observer=self._observer,
            clock=clock,
            view=self._distrusted.trusted,
        )
        self._document: Final = JWKSDocument(
            self._locate,
            self._mark_url_due,
            request=request,
            distrusted=self._distrusted,
            snapshot=self._snapshot,
            wall_clock=self._wall,
        )
        self._keys: Final = RefreshAhead(
            self._document.load,
            self._cached,
            source=lambda: self._document.url or (metadata.url if metadata else str(jwks_uri)),
        )
        monotonic = self._cached.monotonic
        self._sought: Final = Sought(refetch_interval, monotonic)
        # The same for keys under which a signature failed.
        self._failed_under: Final = Sought(refetch_interval, monotonic)
        self._told_of = 0
        # Hot path: bound, not wrapped.
        self.at_hand: Final = self._keys.at_hand
        """The set, if it may be used now without waiting, else None.

        A refresh that is due is started.
        """
        if self._snapshot is not None:
            self._restore(self._snapshot)

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
        if self._distrusted.withholds(kid):
            raise InvalidToken(Reason.UNKNOWN_KEY, "its key is distrusted")
        keys = self.at_hand()
        if keys is None:
            if self._cached.phase() in {Phase.EMPTY, Phase.EXPIRED}:
                screen()
            keys = await self._keys.current()
        try:
            return keys.select(kid, algorithm)
        except InvalidToken as refusal:
            if refusal.reason is not Reason.UNKNOWN_KEY:
                raise
            unknown = refusal
        try:
            screen()
        except InvalidToken:
            # Nobody has vouched for its claims: what is wrong with them is not said.
            raise unknown from None
        fetches = self._cached.fetches
        certain = await self._keys.refetched(
            self._sought.since((kid, algorithm)),
            lambda keys: keys.find(kid, algorithm) is not None,
        )
        keys = self._cached.usable()
        refetched = certain and self._told_of < self._cached.fetches != fetches
        if refetched and keys.find(kid, algorithm) is None:
            # One event for each refetch, however many key ids waited for it.
            self._told_of = self._cached.fetches
            self._observer.unknown_key(kid)
        return keys.select(kid, algorithm)

    def can_find_more(self) -> bool:
        """Whether `find` would do anything for a key that the set lacks.

        It would wait, fetch or schedule a refresh.

        Only a token that was screened may have a refresh scheduled; one is enough for all.
        """
        return self._keys.can_refetch() or not self._cached.freshness.is_refresh_scheduled()

    def can_replace(self, key: VerificationKey) -> bool:
        """Whether a signature that does not fit `key` may cause or join a fetch."""
        if self._keys.is_refreshing():
            return True
        return self._keys.can_refetch() and not self._failed_under.remembers(key.thumbprint)

    async def replacement_for(self, key: VerificationKey, algorithm: str) -> VerificationKey | None:
        """Another key under the same key id, if one refetch finds it.

        For a token whose signature does not fit `key`, and that would pass otherwise.
        """

        def newer(keys: JWKSet) -> VerificationKey | None:
            found = keys.find(key.kid, algorithm)
            return None if found is None or found.thumbprint == key.thumbprint else found

        await self._keys.refetched(
            self._failed_under.since(key.thumbprint),
            lambda keys: newer(keys) is not None,
        )
        return newer(self._cached.usable())

    def same_source(self, other: object) -> bool:
        """Whether the other one fetches its keys from the same place, in the same way."""
        return isinstance(other, RemoteJWKSet) and self._source == other._source

    async def warm(self) -> None:
        """Fetch the keys unless fresh ones are at hand.

        Raises:
            KeySetError: there are none that may be used.
        """
        await self._keys.refreshed_if_due()

    async def refresh(self) -> None:
        """Fetch the keys now, by a fetch that begins after this call.

        Caches are passed by.

        Clocks, budget and backoff are ignored. Callers during one fetch share the next one.

        Raises:
            KeySetError: that failed; the last good set stays in use within its period.
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
        if self._metadata is not None:
            await self._metadata.aclose()

    def distrust(self, *, kid: str | None = None, thumbprint: str | None = None) -> None:
        """Refuse a key from now on, whatever the issuer publishes, until `trust_again`.

        Tokens of the key get 401 at once, also during an outage and when they were verified before.
        With a snapshot, the word survives a restart, and the other processes that share the file
        learn of it with their next refresh. The file is written before this returns.

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

    def health(self) -> KeySetHealth:
        """The state of the key set. It touches no network and changes nothing."""
        return health_of(self.name, self._cached, self._distrusted.list)

    async def _locate(self) -> str:
        return await self._metadata.refreshed_if_due() if self._metadata else str(self._jwks_uri)

    def _mark_url_due(self) -> None:
        if self._metadata is not None:
            self._metadata.cached.mark_due()

    async def _sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
        await self._document.learn()

    def _say(self, name: KeyName, *, is_distrusted: bool) -> None:
        snapshot, distrusted = self._snapshot, self._distrusted
        if snapshot is not None:
            # The last word counts: what was said to other processes before comes first.
            with suppress(SnapshotRefused):
                distrusted.merge(snapshot.news())
        is_news = distrusted.say(name, is_distrusted=is_distrusted, now=self._wall())
        is_kept = False
        if snapshot is not None:
            try:
                distrusted.merge(snapshot.write_distrusted(distrusted.list))
                is_kept = True
            except OSError as error:
                _log.error("%s: the key set snapshot could not be written: %s", self.name, error)
        if is_news:
            self._observer.said(name, is_distrusted=is_distrusted, is_kept=is_kept)

    def _restore(self, snapshot: Snapshot) -> None:
        try:
            restored = snapshot.read()
        except SnapshotRefused as refusal:
            _log.warning("%s: the key set snapshot is not used: %s", self.name, refusal)
            self._distrusted.merge(refusal.distrusted)
            return
        if restored is not None:
            self._distrusted.merge(restored.distrusted)
            if restored.loaded is not None:
                self._cached.restore(restored.loaded, age=restored.age)
