"""Which issuers are trusted: chosen by the exact `iss` of a token.

They are configured, or known by asking a resolver.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import anyio

from asgi_jwks._printable import printable
from asgi_jwks.errors import ConfigurationError, InvalidToken, KeySetError, Reason
from asgi_jwks.jose.algorithms import ALGORITHMS
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.tokens.header_cache import Signer
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuer import Check, Issuer, Presentation
from asgi_jwks.tokens.issuer_names import IssuerNames
from asgi_jwks.tokens.key_index import KeyIndex
from asgi_jwks.tokens.principal import Basis, ClaimReading, IdentityForm

__all__ = ["Check", "Issuer", "Presentation", "TrustedIssuers"]

# As many of a resolver's answers are kept, and as many sets of their keys.
MOST_RESOLVED: Final = 1024


class Resolved(Protocol):
    """Issuers that are known by asking; see `resolver.py`."""

    def known(self, name: str) -> Issuer | None: ...
    def all(self) -> list[Issuer]: ...
    async def resolve(self, name: str) -> Issuer | None: ...
    async def aclose(self) -> None: ...


class TrustedIssuers:
    """The issuers that are trusted, by name.

    Raises:
        ConfigurationError: there are none, or two of the same name.
    """

    def __init__(
        self,
        issuers: Sequence[Issuer],
        resolved: Resolved | None = None,
    ) -> None:
        self.configured: Final[Mapping[str, Issuer]] = {i.rules.issuer: i for i in issuers}
        if len(self.configured) != len(issuers):
            raise ConfigurationError("Two trusted issuers have the same issuer identifier.")
        if not issuers and resolved is None:
            raise ConfigurationError(
                "No issuer is trusted. Write for example AccessTokenVerifier([TrustedIssuer("
                'issuer="https://example.eu.auth0.com/", audience="https://api.example.com")]).'
            )
        self.sole: Final = issuers[0] if len(issuers) == 1 and resolved is None else None
        """The one issuer, where there can be no other."""
        self.algorithms: Final = (
            frozenset(ALGORITHMS)
            if resolved is not None
            else frozenset[str]().union(*(issuer.rules.algorithms for issuer in issuers))
        )
        """The algorithms that some issuer may allow; the issuer is asked once it is known."""
        plain = [issuer.rules.issuer for issuer in issuers if issuer.rules.identity == "sub"]
        if len(plain) > 1:
            raise ConfigurationError(
                f'{" and ".join(plain)} both have identity="sub", so that an equal `sub` of both '
                'would be one user. Leave it to one of them, or write identity="qualified".'
            )
        self.index: Final = KeyIndex(len(issuers) + MOST_RESOLVED)
        """Where several issuers are trusted, their keys at hand."""
        form: IdentityForm = "qualified" if self.sole is None else "sub"
        self._readings: Final = {i.rules.issuer: _reading(i, form) for i in issuers}
        self._resolved: Final = resolved
        self.resolves: Final = resolved is not None
        """Whether issuers are known by asking, too."""
        self.names: Final = IssuerNames(self.configured)
        """The configured names, for advice on a wrong one."""

    def known(self, name: object) -> Issuer | None:
        """The issuer of this name if nobody needs to be asked."""
        if not isinstance(name, str):
            return None
        issuer = self.configured.get(name)
        if issuer is None and self._resolved is not None:
            issuer = self._resolved.known(name)
        return issuer

    def is_resolved(self, issuer: Issuer) -> bool:
        """Whether an issuer is known by asking."""
        return issuer.rules.issuer not in self.configured

    def signer(
        self, header: JOSEHeader, issuer: Issuer, keys: JWKSet, key: VerificationKey
    ) -> Signer:
        """A key that a header names, with the reading of its issuer's claims."""
        reading = self._readings.get(issuer.rules.issuer) or _reading(issuer, "qualified")
        thumbprint = None if key.kty == "oct" else key.thumbprint
        basis = Basis(reading, key.kid, header.algorithm, thumbprint, key.rsa_bits)
        return Signer(header, issuer, keys, key, basis)

    def trusted_still(self, issuer: Issuer) -> Issuer | None:
        """The issuer, if it is trusted still.

        It is as it was, or as a resolver made it anew since.

        The one that was made anew has the same rules and keys; its checks may be others.
        """
        if self._resolved is None:
            return issuer
        newest = self.known(issuer.rules.issuer)
        if newest is issuer or newest is None:
            return newest
        is_same = newest.keys is issuer.keys and newest.rules == issuer.rules
        return newest if is_same else None

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
        if self._resolved is not None:
            issuer = await self._resolved.resolve(name)
        if issuer is None:
            raise InvalidToken(Reason.UNKNOWN_ISSUER, f"iss is '{printable(name)}'")
        return issuer

    async def warm(self) -> None:
        """Have the keys of all configured issuers at hand.

        Raises:
            KeySetError: those of one issuer are unavailable; the others' were fetched all the same.
        """
        failures: list[KeySetError] = []

        async def warm(issuer: Issuer) -> None:
            try:
                await issuer.keys.warm()
            except KeySetError as failure:
                failures.append(failure)
            self.index.see(issuer)

        async with anyio.create_task_group() as tasks:
            for issuer in self.configured.values():
                tasks.start_soon(warm, issuer)
        if failures:
            raise failures[0]

    async def keep_fresh(self) -> None:
        """Refresh the configured issuers' keys whenever they are due, until cancelled."""
        async with anyio.create_task_group() as tasks:
            for issuer in self.configured.values():
                tasks.start_soon(issuer.keys.keep_fresh)

    async def aclose(self) -> None:
        """Close the key sources of all issuers in this event loop."""
        resolved: list[Issuer] = []
        if self._resolved is not None:
            await self._resolved.aclose()
            resolved = self._resolved.all()
        for issuer in (*self.configured.values(), *resolved):
            await issuer.keys.aclose()


def _reading(issuer: Issuer, form: IdentityForm) -> ClaimReading:
    rules = issuer.rules
    return ClaimReading(
        grant_claims=rules.grant_claims, grants=rules.grants, identity=rules.identity or form
    )
