"""Which issuers are trusted, and what the verifier sees of one.

What lives only here: the choice of an issuer by the exact `iss` of a token, among those configured
or by asking a resolver. What it does not know: how an issuer's keys are had, and HTTP.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from cachetools import TTLCache

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.errors import (
    ConfigurationError,
    InvalidToken,
    KeySetError,
    KeySetUnavailable,
    Reason,
    RequestError,
)
from asgi_jwks.jose.jwk import JWKSet
from asgi_jwks.jose.key import VerificationKey, shown
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.hints import NearMisses
from asgi_jwks.tokens.policy import TokenRules

__all__ = ["Check", "Issuer", "IssuerResolver", "KeySource", "TrustedIssuers"]

_log: Final = logging.getLogger("asgi_jwks.tokens")

# Issuers that a resolver knows, kept until it is asked again: tenants come and go in minutes.
RESOLVED_ISSUERS: Final = 1024
RESOLVED_FOR: Final = 300.0
# Issuers that it does not know. Short, since a tenant may be created at any moment.
UNRESOLVED_FOR: Final = 10.0
# An issuer identifier is a URL; longer ones are not even asked for.
LONGEST_ISSUER: Final = 2048

Check = Callable[[AccessToken], bool | Awaitable[bool]]
"""A caller's own rule. False refuses the token with 401; so does a RequestError, as it says."""


class KeySource(Protocol):
    """Where an issuer's keys come from. The methods raise InvalidToken and KeySetError."""

    def at_hand(self) -> JWKSet | None:
        """The set, if it may be used now without waiting."""

    async def key_for(
        self, kid: str | None, algorithm: str, screen: Callable[[], object], /
    ) -> VerificationKey:
        """The key of a token, waiting and fetching as far as that is allowed."""

    def may_replace(self, key: VerificationKey, /) -> bool:
        """Whether `replacement_for` would ask the issuer for a newer key now."""

    async def replacement_for(
        self, key: VerificationKey, algorithm: str, /
    ) -> VerificationKey | None:
        """A newer key under the same key id, if there is one."""

    async def warm(self) -> None:
        """Have keys at hand."""

    async def keep_fresh(self) -> None:
        """Keep them fresh until cancelled; a source with nothing to keep fresh returns."""

    async def aclose(self) -> None:
        """End what is in progress in this event loop."""


class Issuer(Protocol):
    """What the verifier needs of a trusted issuer."""

    @property
    def rules(self) -> TokenRules: ...
    @property
    def keys(self) -> KeySource: ...
    @property
    def checks(self) -> Sequence[Check]: ...


IssuerResolver = Callable[[str], Awaitable[Issuer | None]]
"""`await resolver(iss)`: the trusted issuer of that name, or None; exceptions are an outage."""


class TrustedIssuers:
    """The issuers that are trusted, by name.

    Raises:
        ConfigurationError: there are none, or two of the same name.
    """

    def __init__(
        self,
        issuers: Sequence[Issuer],
        resolver: IssuerResolver | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.configured: Final[Mapping[str, Issuer]] = {i.rules.issuer: i for i in issuers}
        if len(self.configured) != len(issuers):
            raise ConfigurationError("Two trusted issuers have the same issuer identifier.")
        if not issuers and resolver is None:
            raise ConfigurationError(
                "No issuer is trusted. Write for example AccessTokenVerifier([TrustedIssuer("
                'issuer="https://example.eu.auth0.com/", audience="https://api.example.com")]).'
            )
        self._resolver: Final = resolver
        self._resolved = TTLCache[str, Issuer](RESOLVED_ISSUERS, RESOLVED_FOR, clock)
        self._unresolved = TTLCache[str, None](RESOLVED_ISSUERS, UNRESOLVED_FOR, clock)
        self._lock: Final = ForkSafeLock()
        self._near_misses: Final = NearMisses("iss")

    def known(self, name: object) -> Issuer | None:
        """The issuer of this name if nobody needs to be asked."""
        if not isinstance(name, str):
            return None
        issuer = self.configured.get(name)
        if issuer is None and self._resolver is not None:
            with self._lock:
                issuer = self._resolved.get(name)
        return issuer

    async def named(self, claims: Mapping[str, Any]) -> Issuer:
        """The trusted issuer that `iss` names (RFC 9068, section 4), compared exactly.

        Raises:
            InvalidToken: missing_claim, invalid_claim or unknown_issuer.
            KeySetUnavailable: the resolver failed.
        """
        name = claims.get("iss")
        issuer = self.known(name)
        if issuer is not None:
            return issuer
        if not isinstance(name, str):
            reason = Reason.INVALID_CLAIM if "iss" in claims else Reason.MISSING_CLAIM
            raise InvalidToken(reason, "iss")
        if self._resolver is not None and len(name) <= LONGEST_ISSUER:
            issuer = await self._resolve(self._resolver, name)
        if issuer is None:
            self._near_misses.look(name, self.configured)
            raise InvalidToken(Reason.UNKNOWN_ISSUER, f"iss is '{shown(name)}'")
        return issuer

    async def aclose(self) -> None:
        """Close the key sources of all issuers in this event loop."""
        for issuer in (*self.configured.values(), *self._resolved.values()):
            await issuer.keys.aclose()

    async def _resolve(self, resolver: IssuerResolver, name: str) -> Issuer | None:
        with self._lock:
            if name in self._unresolved:
                return None
        try:
            issuer = await resolver(name)
        except (RequestError, KeySetError):
            raise
        except Exception as error:
            _log.exception("the issuer resolver failed")
            raise KeySetUnavailable("the issuer resolver failed") from error
        if issuer is not None and issuer.rules.issuer != name:
            _log.error("the issuer resolver returned another issuer than it was asked for")
            issuer = None
        with self._lock:
            if issuer is None:
                self._unresolved[name] = None
                return None
            # Whoever asked at the same time gets the same one, with the same keys.
            return self._resolved.setdefault(name, issuer)
