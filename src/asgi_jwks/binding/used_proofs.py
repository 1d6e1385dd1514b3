"""The uses of DPoP proofs: each proof is good for one (RFC 9449, section 11.1)."""

import logging
import time
from collections.abc import Callable, MutableMapping
from hashlib import sha256
from time import perf_counter
from typing import Final, Literal
from weakref import WeakKeyDictionary

import anyio

from asgi_jwks._printable import printable
from asgi_jwks.binding.clock_steps import ClockSteps
from asgi_jwks.binding.replay import ReplayMemory, ReplayStore
from asgi_jwks.binding.shares import SenderShares
from asgi_jwks.errors import InvalidProof, Reason, ReplayStoreUnavailable, TooManyProofs
from asgi_jwks.events.event import Listeners
from asgi_jwks.events.proofs import ProofUse, ProofUsed, ReplayStoreAnswered, ReplayStoreFailed
from asgi_jwks.events.repeated_lines import RepeatedLines

__all__ = ["OnStoreFailure", "UsedProofs"]

_log: Final = logging.getLogger("asgi_jwks.binding")

OnStoreFailure = Literal["refuse", "local"]

# Requirement I12: a store on the same network answers within a millisecond.
STORE_DEADLINE: Final = 0.1

# Characters of a fault that a log line has: an address, and the words of a client around it.
_LONGEST_FAULT: Final = 200

# Clocks of hosts differ: one that is behind would let a proof pass that another has forgotten.
_MARGIN: Final = 5.0


class UsedProofs:
    """Remembers the proofs that were used, and the share of each sender.

    Args:
        store: where they are remembered; None is the memory of this process.
        share: the most proofs of one key that are remembered at a time.
        longest: for how many seconds a proof would pass at most.
        on_failure: "refuse" answers 503 while the store fails; "local" goes by the memory of this
            process alone.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        store: ReplayStore | None,
        *,
        share: int,
        longest: float,
        on_failure: OnStoreFailure = "refuse",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        is_local = store is None or isinstance(store, ReplayMemory)
        self._store: Final = None if is_local else store
        self._local: Final = (
            store if isinstance(store, ReplayMemory) else _local(is_local, on_failure)
        )
        self.remembered_in: Final[object] = store if store is not None else self._local
        """Where used proofs are remembered; two that are the same know of each other's."""
        self.listeners: Final = Listeners(_log)
        """Hear of each use, and of the answers of the store."""
        self._shares: Final = SenderShares(share, clock=clock)
        self._settings: Final = (share, on_failure, None if is_local else store)
        self._clock: Final = clock
        self._longest: Final = longest
        self._steps: Final = _steps_of(self.remembered_in)
        self._lines: Final = RepeatedLines(clock)
        # A store that can lose its memory has to know which proofs it may have forgotten.
        expect = getattr(store, "expect", None)
        if expect is not None:
            expect(longest + _MARGIN)

    @property
    def memory(self) -> ReplayMemory | None:
        """The memory of this process; None where the store alone remembers."""
        return self._local

    def can_stand_for(self, other: "UsedProofs") -> bool:
        """Whether it remembers all that another would, by the same settings."""
        return self._settings == other._settings

    async def use(
        self,
        sender: str,
        jti: str,
        ttl: float,
        *,
        now: float,
        used: set[tuple[int, bytes]] | None = None,
    ) -> None:
        """Note the use of a proof.

        Args:
            sender: the thumbprint of its key.
            jti: its identifier.
            ttl: for how many seconds it would pass again.
            now: seconds since the epoch, by which it was judged.
            used: the uses that were noted for the same connection, of which this one becomes one:
                several guards may stand around one endpoint.

        Raises:
            InvalidProof: it was used before, or may have been, since the wall clock was set back.
            TooManyProofs: the sender has its share.
            ReplayStoreUnavailable: the store fails, or the memory is full.
        """
        # A thumbprint has 43 characters: nothing that a sender can write into its jti moves the
        # border between the two.
        key = sha256(f"{sender}{jti}".encode("utf-8", "surrogatepass")).digest()
        # By the store, and not by this object: another guard's may have the same one.
        noted = (id(self.remembered_in), key)
        if used is not None and noted in used:
            return
        if not self._steps.are_remembered(
            now + ttl, now=now, monotonic=self._clock(), longest=self._longest
        ):
            self._log(
                "clock", "the wall clock was set back, and used proofs of that time are refused"
            )
            raise InvalidProof(Reason.PROOF_TIME, "made before the wall clock was set back")
        try:
            await self._note(sender, key, ttl + _MARGIN)
        except (InvalidProof, TooManyProofs, ReplayStoreUnavailable) as refusal:
            if self.listeners:
                self.listeners(ProofUsed(self._use_behind(refusal)))
            raise
        if self.listeners:
            self.listeners(ProofUsed(ProofUse.FIRST))
        if used is not None:
            used.add(noted)

    async def _note(self, sender: str, key: bytes, kept: float) -> None:
        cells = self._shares.check(sender)
        # Asked first also where there is a store: what this process has seen, it knows for sure.
        if self._local is not None and await self._local.first_use(key, kept) is not True:
            raise InvalidProof(Reason.REPLAYED_PROOF)
        if self._store is not None and not await self._is_first(self._store, key, kept):
            raise InvalidProof(Reason.REPLAYED_PROOF)
        self._shares.take(cells, kept)

    async def _is_first(self, store: ReplayStore, key: bytes, ttl: float) -> bool:
        fault = ReplayStoreUnavailable(
            f"the replay store did not answer within {STORE_DEADLINE:g} s"
        )
        kind, began = "timeout", perf_counter()
        try:
            with anyio.move_on_after(STORE_DEADLINE):
                is_first = await store.first_use(key, ttl) is True
                if self.listeners:
                    self.listeners(ReplayStoreAnswered(perf_counter() - began))
                return is_first
        except ReplayStoreUnavailable as error:
            kind, fault = "unavailable", error
        # The store is the caller's: whatever it raises says that nothing is known.
        except Exception as error:
            # Clients of Redis name the address in the text alone.
            told = printable(f"{type(error).__name__}: {error}", longest=_LONGEST_FAULT)
            kind, fault = "_other", ReplayStoreUnavailable(f"the replay store failed: {told}")
            fault.__cause__ = error
        self._log("store", fault)
        if self.listeners:
            self.listeners(ReplayStoreFailed(fault, kind, perf_counter() - began))
        if self._local is not None:
            return True
        raise fault

    def _use_behind(self, refusal: Exception) -> ProofUse:
        if isinstance(refusal, InvalidProof):
            return ProofUse.REPLAYED
        if isinstance(refusal, TooManyProofs):
            return ProofUse.SHARE_SPENT
        # With a memory of its own as well, it goes on without the store.
        return ProofUse.STORE_FAILED if self._local is None else ProofUse.MEMORY_FULL

    def _log(self, cause: str, fault: object) -> None:
        if self._lines.due(cause):
            _log.warning("DPoP proofs: %s", fault)


_known_steps: Final[MutableMapping[object, ClockSteps]] = WeakKeyDictionary()


def _steps_of(remembered_in: object) -> ClockSteps:
    """The steps of the clock while proofs were noted in one memory, whoever noted them."""
    try:
        return _known_steps.setdefault(remembered_in, ClockSteps(_MARGIN))
    # A store of the caller's may be neither hashable nor weakly referred to.
    except TypeError:
        return ClockSteps(_MARGIN)


def _local(is_local: bool, on_failure: OnStoreFailure) -> ReplayMemory | None:
    return ReplayMemory() if is_local or on_failure == "local" else None
