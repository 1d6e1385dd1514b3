"""`DPoP`: which proofs the tokens of an issuer need (RFC 9449)."""

import inspect
import logging
from collections.abc import Iterable
from copy import copy
from typing import Any, Final, Literal, get_args

from asgi_jwks._options import (
    require_duration,
    require_flag,
    require_names,
    require_whole_number,
)
from asgi_jwks.binding.dpop import ProofRules, sole_proof
from asgi_jwks.binding.nonce import DPoPNonces
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.binding.replay import ReplayMemory, ReplayStore
from asgi_jwks.binding.target_uri import PublicOrigin
from asgi_jwks.binding.used_proofs import OnStoreFailure, UsedProofs
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.events.event import Listener
from asgi_jwks.jose.algorithms import ASYMMETRIC_ALGORITHMS
from asgi_jwks.jose.encoding import b64url_encode

__all__ = ["DPoP", "Mode"]

_log: Final = logging.getLogger("asgi_jwks.binding")

Mode = Literal["allowed", "required"]

# Those that clients have: browsers sign with ES256, and RFC 9449 names no other.
_ALGORITHMS: Final = ("ES256", "Ed25519", "EdDSA", "PS256", "RS256")

# RFC 9449, section 11.1: "seconds or minutes".
LARGEST_PROOF_AGE: Final = 300.0

# A client of one key sends some 140 proofs a second before it has its share.
PROOFS_PER_SENDER: Final = 10_000


class DPoP:
    """The demands on DPoP proofs, for an issuer or several.

        TrustedIssuer(..., dpop=DPoP(public_origin="https://api.example.com"))

    Each one has a memory of used proofs: make one, and give it to all issuers of an API. Those that
    a resolver of issuers makes anew with its answers have the memory of the first.

    Args:
        public_origin: the address by which clients reach this API, or several: what proofs name in
            `htu`. Where the application is mounted below a path, with that path. It is never taken
            from the request.
        mode: "allowed" takes tokens that are bound to a key with their proof, and others as
            Bearer tokens; "required" takes bound tokens alone.
        algorithms: the accepted algorithms of proofs (ES256, Ed25519, EdDSA, PS256, RS256).
        proof_max_age: seconds after its making for which a proof is good, at most 300 (60).
        nonces: the nonces that proofs must have; None demands none.
        replay_store: where used proofs are remembered, for several workers; None is the memory of
            this process.
        on_store_failure: "refuse" answers 503 while the store fails; "local" goes by the memory of
            this process alone, so that a proof may pass once in each process.
        proofs_per_sender: how many proofs of one key are remembered at a time (10000); more are
            answered with 429.
        consume_proofs: False lets a proof be used again, for a gate in front of another verifier
            that remembers them.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    __slots__ = ("_origins", "_rules", "_used", "algorithms", "mode")

    def __init__(
        self,
        *,
        public_origin: str | Iterable[str],
        mode: Mode = "allowed",
        algorithms: Iterable[str] = _ALGORITHMS,
        proof_max_age: float = 60.0,
        nonces: DPoPNonces | None = None,
        replay_store: ReplayStore | None = None,
        on_store_failure: OnStoreFailure = "refuse",
        proofs_per_sender: int = PROOFS_PER_SENDER,
        consume_proofs: bool = True,
    ) -> None:
        self._origins: Final = _origins(public_origin)
        self.mode: Final[Mode] = _mode(mode)
        self.algorithms: Final = _algorithms(algorithms)
        self._rules: Final = ProofRules(
            algorithms=frozenset(self.algorithms),
            max_age=_max_age(proof_max_age),
            nonces=_nonces(nonces),
        )
        share = require_whole_number("proofs_per_sender", proofs_per_sender, least=1)
        used = UsedProofs(
            _store(replay_store),
            share=share,
            longest=self._rules.longest_ttl,
            on_failure=_on_failure(on_store_failure),
        )
        consumes = require_flag("consume_proofs", consume_proofs)
        self._used = used if consumes else None

    @property
    def public_origins(self) -> tuple[str, ...]:
        """The addresses by which clients reach this API, in their normal form."""
        return tuple(origin.text for origin in self._origins)

    @property
    def memory_of_proofs(self) -> object:
        """Where used proofs are remembered; None where they are not."""
        return None if self._used is None else self._used.remembered_in

    @property
    def replay_memory(self) -> ReplayMemory | None:
        """The memory of used proofs in this process; None where a store alone remembers them."""
        return None if self._used is None else self._used.memory

    def with_memory_of(self, other: "DPoP") -> "DPoP | None":
        """These demands, with the used proofs that others remember.

        Itself, if it remembers none, or in the same store by settings of its own; None if it
        remembers them elsewhere, so that neither knows of all.
        """
        if self._used is None or other._used is None:
            return self
        if other._used.can_stand_for(self._used):
            made = copy(self)
            made._used = other._used
            return made
        return self if self.memory_of_proofs is other.memory_of_proofs else None

    def add_listener(self, listener: Listener) -> None:
        """Have a listener hear of the uses of proofs."""
        if self._used is not None:
            self._used.listeners.add(listener)

    async def prove(
        self, request: ProofOfPossession, *, jkt: str, digest: bytes, now: float
    ) -> None:
        """Judge the proof of a request, and note its use.

        Args:
            request: the request; its `new_nonce` is set where the client needs one.
            jkt: the thumbprint of the key that the token is bound to.
            digest: the SHA-256 of the token.
            now: seconds since the epoch.

        Raises:
            InvalidProof: the proof is not a good one for this request.
            InvalidToken: the token is bound to another key.
            TooManyProofs: this key has its share of the memory.
            ReplayStoreUnavailable: whether it was used before cannot be told.
        """
        accepted = self._rules.judge(
            sole_proof(request.values(b"dpop")),
            method=request.method,
            targets=request.targets(self._origins),
            ath=b64url_encode(digest),
            jkt=jkt,
            now=now,
        )
        if self._used is not None:
            await self._used.use(jkt, accepted.jti, accepted.ttl, now=now, used=request.used)
        request.new_nonce = accepted.new_nonce

    def __repr__(self) -> str:
        return f"DPoP(public_origin={list(self.public_origins)!r}, mode={self.mode!r})"


def _origins(given: Any) -> tuple[PublicOrigin, ...]:
    texts = tuple(given) if isinstance(given, list | tuple | set | frozenset) else (given,)
    if not texts:
        raise ConfigurationError(
            "public_origin must be the address by which clients reach this API. Write for example "
            'DPoP(public_origin="https://api.example.com").'
        )
    origins = tuple(map(PublicOrigin, texts))
    for origin in origins:
        if origin.is_in_the_clear:
            # RFC 9449, section 2: it must always be used with HTTPS.
            _log.warning(
                "public_origin=%r: clients send tokens and proofs in the clear, and DPoP does not "
                'stand for TLS; write public_origin="https://..."',
                origin.text,
            )
    return origins


def _mode(mode: object) -> Mode:
    modes: tuple[Mode, ...] = get_args(Mode)
    for known in modes:
        if mode == known:
            return known
    raise ConfigurationError(
        f'mode must be "allowed" or "required"; got {mode!r}. Without dpop=..., tokens that are '
        "bound to a key are refused."
    )


def _algorithms(given: Iterable[str]) -> tuple[str, ...]:
    names = tuple(sorted(set(require_names("algorithms", given, example="ES256"))))
    unknown = sorted(set(names) - ASYMMETRIC_ALGORITHMS)
    if unknown or not names:
        raise ConfigurationError(
            f"algorithms of proofs are some of {', '.join(sorted(ASYMMETRIC_ALGORITHMS))}; got "
            f'{given!r}. Write for example algorithms=["ES256"].'
        )
    return names


def _max_age(given: float) -> float:
    seconds = require_duration("proof_max_age", given, positive=True)
    if seconds > LARGEST_PROOF_AGE:
        raise ConfigurationError(
            f"proof_max_age is at most {LARGEST_PROOF_AGE:g} seconds, since a proof is made for "
            f"one request; got {given!r}. For clients with wrong clocks there is nonces=..."
        )
    return seconds


def _nonces(nonces: object) -> DPoPNonces | None:
    if nonces is None or isinstance(nonces, DPoPNonces):
        return nonces
    raise ConfigurationError(
        f"nonces must be DPoPNonces(secrets=...) or None; got {type(nonces).__name__}."
    )


def _store(store: ReplayStore | None) -> ReplayStore | None:
    first_use = getattr(store, "first_use", None)
    # A plain function would block the event loop, and its answer be no answer when a proof comes.
    if store is not None and (
        isinstance(store, type) or not inspect.iscoroutinefunction(first_use)
    ):
        raise ConfigurationError(
            f"replay_store must have an async method first_use(key, ttl); got {store!r}. Write for "
            "example replay_store=RedisReplayStore(client)."
        )
    return store


def _on_failure(given: object) -> OnStoreFailure:
    known: tuple[OnStoreFailure, ...] = get_args(OnStoreFailure)
    for name in known:
        if given == name:
            return name
    raise ConfigurationError(f'on_store_failure must be "refuse" or "local"; got {given!r}.')
