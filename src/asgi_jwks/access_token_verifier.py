"""`AccessTokenVerifier`: the verification of tokens for whoever has no web framework.

It takes the options of one issuer, or several issuers, and makes of them what `tokens.verifier`
works with.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Unpack

from asgi_jwks._options import require_callable, require_clock, require_whole_number
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.binding.replay import ReplayMemory
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.events.event import Listener, Telling, add_listener_to, require_listener
from asgi_jwks.fetching.client import prepare_exchanges
from asgi_jwks.jose.jws import MAX_TOKEN_BYTES
from asgi_jwks.keys.health import KeySetState, ResolverState, key_set_states
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.background_refresh import refreshing
from asgi_jwks.tokens.explanation import Explanation
from asgi_jwks.tokens.issuers import Issuer, TrustedIssuers
from asgi_jwks.tokens.outcomes import Outcomes
from asgi_jwks.tokens.resolver import IssuerResolver, ResolvedIssuers
from asgi_jwks.tokens.standing import check_standing
from asgi_jwks.tokens.verifier import TokenVerifier
from asgi_jwks.trusted_issuer import IssuerOptions, trusted_issuers

__all__ = ["AccessTokenVerifier"]

_log: Final = logging.getLogger("asgi_jwks.keys")

# Some 2 to 15 MiB of tokens; an API with more users at a time than this verifies some again.
VERIFIED_TOKENS: Final = 10_000


class AccessTokenVerifier:
    """Verifies access tokens of one or more trusted issuers; no web framework is needed.

        verifier = AccessTokenVerifier(issuer="https://example.eu.auth0.com/", audience="my-api")
        async with verifier.running():
            token = await verifier.verify(text)

    Args:
        issuers: TrustedIssuer objects, each with its own audiences, algorithms and keys.
        resolver: `await resolver(iss)` is the trusted issuer of an `iss` that is not among
            `issuers`, or None; the issuer must state its `grants`. An answer is kept for 300 s,
            None for 10 s. While it fails, or takes longer than 5 s, its last answer serves for up
            to 4200 s. Anybody can make it be called with any text: 100 times at once, and once more
            each second, for names that it does not vouch for.
        clock: seconds since the epoch.
        max_token_bytes: longer tokens are malformed (16384).
        verified_tokens: how many accepted tokens are remembered (10000); 0 remembers none.
        listener: is called with each event of `asgi_jwks.events`: those of tokens and requests, and
            of the configured issuers' key sets.
        issuer: the options of one issuer instead of `issuers`; see IssuerOptions.

    Raises:
        ConfigurationError: an option is wrong, no issuer is trusted, or two have the same name.
    """

    def __init__(
        self,
        *issuers: Issuer | Sequence[Issuer],
        resolver: IssuerResolver | None = None,
        clock: Callable[[], float] = time.time,
        max_token_bytes: int = MAX_TOKEN_BYTES,
        verified_tokens: int = VERIFIED_TOKENS,
        listener: Listener | None = None,
        **issuer: Unpack[IssuerOptions],
    ) -> None:
        trusted = trusted_issuers(issuers, issuer)
        if resolver is not None:
            require_callable("resolver", resolver, form="await resolver(iss)")
            # The issuers that it will name are made, and their keys fetched, during requests.
            prepare_exchanges()
        self.issuers: Final = trusted
        self.sees_proofs: Final = resolver is not None or any(
            issuer.rules.proven_bindings for issuer in trusted
        )
        """Whether it matters how a request presents its token: `verify(token, proof=...)`."""
        self.max_token_bytes: Final = require_whole_number("max_token_bytes", max_token_bytes)
        self._resolved: Final = None if resolver is None else ResolvedIssuers(resolver)
        self._issuers: Final = TrustedIssuers(trusted, self._resolved)
        self._tokens: Final = TokenVerifier(
            self._issuers,
            clock=require_clock(clock),
            max_token_bytes=max_token_bytes,
            cached_tokens=require_whole_number("verified_tokens", verified_tokens),
        )
        self.clock: Final = clock
        self.listener: Final = listener
        self._outcomes: Final = None if listener is None else self._outcomes_for(listener)

    def verify(
        self, token: str | bytes, *, proof: ProofOfPossession | None = None
    ) -> Coroutine[Any, Any, AccessToken]:
        """Verify a token; a Bearer token as it came, without the scheme.

        A subclass may refuse more: the middleware and FastAPI's dependency ask its `verify`.

        Args:
            token: the token.
            proof: the parts of the request that prove whose token it is, for tokens that are bound
                to a key or a certificate.

        Raises:
            InvalidToken: it is not a valid access token here; `reason` says which rule it broke.
            InvalidProof: the DPoP proof is not a good one for this request.
            InvalidRequest: the client's certificate cannot be read, or comes from a stranger.
            TooManyProofs: proofs of this key fill their share of the replay memory.
            ReplayStoreUnavailable: whether the proof was used before cannot be told.
            InsufficientScope: a check of the caller's own demands more.
            KeySetError: the issuer's keys are unavailable, so nothing can be said of the token.
            ConfigurationError: `token` is neither a string nor bytes, or `proof` of another type.
        """
        verification = self.verify_untold(token, proof=proof)
        if self._outcomes is None:
            return verification
        scheme = "dpop" if proof is not None and proof.uses_dpop else "bearer"
        return self._outcomes.of(verification, scheme)

    def verify_untold(
        self, token: str | bytes, *, proof: ProofOfPossession | None = None
    ) -> Coroutine[Any, Any, AccessToken]:
        """Verify a token as `verify` does; the listener does not hear of it.

        It is for entry points, which tell of the whole request.
        """
        # A coroutine, not an `async def` around one: hot path (in_process, hot token).
        return self._tokens.verify(
            token if type(token) is bytes else _octets(token),
            None if proof is None else _proof(proof),
        )

    async def check_again(self, token: AccessToken) -> None:
        """Judge a verified token again, for work that lasts longer than a request.

        Its expiry is yours to compare; its issuer, the trust in its key, and `checks` are judged as
        they are for the next request that brings it.

        Args:
            token: a token that `verify` has returned.

        Raises:
            InvalidToken: its key was removed or is distrusted, its issuer is not trusted any more,
                or a check refuses it.
            RequestError: a check refuses it otherwise.
            TemporarilyUnavailable: the trust in its keys has lapsed, or the resolver cannot tell.
        """
        await check_standing(self._issuers, token)

    async def explain(
        self, token: str | bytes, *, proof: ProofOfPossession | None = None
    ) -> Explanation:
        """Verify a token, and tell step by step how it went.

            explanation = await verifier.explain(text)
            print(explanation.verdict, explanation.advice)

        It runs the same procedure as `verify`, on the same keys, and may cost the same fetch; only
        the memory of verified tokens is left aside. A refusal and an outage are in the result. It
        has claims of the token in it: show it to operators, and never to clients.

        Args:
            token: the token.
            proof: the parts of the request that prove whose it is; a proof counts as used then.

        Raises:
            ConfigurationError: `token` is neither a string nor bytes, or `proof` of another type.
        """
        return await self._tokens.explain(_octets(token), _proof(proof))

    @property
    def procedure(self) -> TokenVerifier:
        """The procedure, which knows the token that it has verified last."""
        return self._tokens

    def remembered_count(self) -> int:
        """How many accepted tokens are remembered now."""
        return self._tokens.remembered

    def leeway_of(self, issuer: str) -> float:
        """The leeway of a trusted issuer, in seconds; 0 of an unknown one."""
        known = self._issuers.known(issuer)
        return 0.0 if known is None else known.rules.leeway

    def key_set_states(self) -> tuple[KeySetState, ...]:
        """The states of the configured issuers' keys; it touches no network."""
        return key_set_states((issuer.rules.issuer, issuer.keys) for issuer in self.issuers)

    def resolver_state(self) -> ResolverState | None:
        """The state of the resolver and its tenants' keys; None without one.

        It asks nobody and touches no network.
        """
        resolved = self._resolved
        if resolved is None:
            return None
        tenants = key_set_states((tenant.rules.issuer, tenant.keys) for tenant in resolved.all())
        return ResolverState(resolved.age(), Counter(tenant.state for tenant in tenants))

    def replay_memories(self) -> tuple[ReplayMemory, ...]:
        """The memories of used DPoP proofs in this process, each once."""
        resolved = [] if self._resolved is None else self._resolved.all()
        bindings = [issuer.binding for issuer in (*self.issuers, *resolved)]
        found = [getattr(binding, "replay_memory", None) for binding in bindings]
        return tuple({id(memory): memory for memory in found if memory is not None}.values())

    def add_listener(self, listener: Listener) -> None:
        """Have a listener hear of key sets, DPoP proofs and the resolver.

        The key sets are those of the configured issuers; a tenant's are told as "_other".

        One with a method `watch` is given this verifier, whose state it may ask for at any time.

        Raises:
            ConfigurationError: it is not a plain function of an event.
        """
        require_listener("listener", listener)
        for issuer in self.issuers:
            add_listener_to(issuer.keys, listener)
            add_listener_to(issuer.binding, listener)
        if self._resolved is not None:
            self._resolved.add_listener(listener)
        watch = getattr(listener, "watch", None)
        if watch is not None:
            watch(self)

    def _outcomes_for(self, listener: Listener) -> Outcomes:
        self.add_listener(listener)
        names = [issuer.rules.issuer for issuer in self.issuers]
        return Outcomes(Telling(listener, _log), names, self._tokens)

    def running(
        self, *, require_keys: bool = False
    ) -> AbstractAsyncContextManager["AccessTokenVerifier"]:
        """Fetch keys, keep them fresh while the block runs, and leave nothing running behind it.

        Args:
            require_keys: raise where keys are unavailable at the start, instead of a log line; the
                start takes no longer than the `timeout` of a fetch.

        Raises:
            KeySetError: keys are required and unavailable.
        """
        return refreshing(self, require_keys=require_keys)

    async def warm(self) -> None:
        """Have the keys of all configured issuers at hand; never longer than their `timeout`.

        Raises:
            KeySetError: those of one issuer are unavailable; the others' were fetched all the same.
        """
        await self._issuers.warm()

    async def keep_fresh(self) -> None:
        """Refresh the configured issuers' keys whenever they are due, until cancelled."""
        await self._issuers.keep_fresh()

    async def aclose(self) -> None:
        """Cancel the refreshes in progress in this event loop. The verifier stays usable."""
        await self._issuers.aclose()


def _proof(proof: object) -> ProofOfPossession | None:
    if proof is None or isinstance(proof, ProofOfPossession):
        return proof
    raise ConfigurationError(f"proof is a ProofOfPossession or None, not {type(proof).__name__}.")


def _octets(token: object) -> bytes:
    if isinstance(token, str):
        return token.encode("utf-8", "surrogatepass")
    if isinstance(token, bytes):
        return token
    raise ConfigurationError(f"a token is a string or bytes, not {type(token).__name__}.")
