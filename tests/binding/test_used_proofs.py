"""The question of the first use, with and without a store."""

import logging
from collections.abc import Callable
from contextlib import suppress
from itertools import product

import anyio
import pytest
from tests.support.clock import Clock

from asgi_jwks import InvalidProof, Reason, ReplayStoreUnavailable, TooManyProofs
from asgi_jwks.binding.replay import ReplayMemory, ReplayStore
from asgi_jwks.binding.used_proofs import OnStoreFailure, UsedProofs
from asgi_jwks.events import (
    Event,
    ProofUse,
    ProofUsed,
    ReplayStoreAnswered,
    ReplayStoreFailed,
)
from asgi_jwks.events.proofs import STORE_ERROR_TYPES

pytestmark = pytest.mark.anyio


class Store:
    """A store that answers as it is told."""

    def __init__(self, answer: Callable[[], object]) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, float]] = []

    async def first_use(self, key: bytes, ttl: float) -> bool:
        self.asked.append((key, ttl))
        answer = self.answer()
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await anyio.sleep_forever()
        return answer  # type: ignore[return-value]  # what a wrong one would say


def used(
    store: ReplayStore | None = None, share: int = 10, on_failure: OnStoreFailure = "refuse"
) -> UsedProofs:
    return UsedProofs(store, share=share, longest=65.0, on_failure=on_failure)


async def is_first(proofs: UsedProofs, sender: str = "k", jti: str = "j") -> bool:
    try:
        await proofs.use(sender, jti, 60.0, now=0.0)
    except InvalidProof as error:
        return error.reason is not Reason.REPLAYED_PROOF
    return True


@pytest.mark.parametrize("is_given", [False, True])
async def test_a_proof_is_used_once_by_its_key_and_jti(is_given: bool) -> None:
    """I11: key and jti hashed together: another client's equal jti is another proof."""
    proofs = used(ReplayMemory() if is_given else None)
    assert await is_first(proofs, "a" * 43, "j")
    assert not await is_first(proofs, "a" * 43, "j")
    assert await is_first(proofs, "b" * 43, "j")
    assert await is_first(proofs, "a" * 43, "\ud800")


async def test_a_store_is_told_no_thumbprint_and_no_jti() -> None:
    """I12: `first_use(key, ttl)`, the key a digest; 5 s longer, for the clocks of other hosts."""
    store = Store(lambda: True)
    assert await is_first(used(store))
    ((key, ttl),) = store.asked
    assert (len(key), ttl) == (32, 65.0)


@pytest.mark.parametrize("answer", [False, 1, "OK", b"OK", []])
async def test_true_alone_is_a_first_use(answer: object) -> None:
    """I12"""
    assert not await is_first(used(Store(lambda: answer)))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (OSError("down"), "the replay store failed: OSError: down"),
        (ReplayStoreUnavailable("down"), "down"),
        (None, "the replay store did not answer within 0.1 s"),
    ],
)
async def test_a_store_that_fails_or_is_late_is_503(
    answer: Exception | None, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """I12, P4: failing closed, with a deadline of 100 ms; the log says how it failed."""
    store = Store(lambda: answer)
    with anyio.fail_after(30), pytest.raises(ReplayStoreUnavailable) as caught:
        await used(store).use("k", "j", 60.0, now=0.0)
    assert caught.value.retry_after == 1.0
    assert str(caught.value) == told
    assert answer in (None, caught.value, caught.value.__cause__)
    assert [record.getMessage() for record in caplog.records] == [f"DPoP proofs: {told}"]


async def test_each_cause_has_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """W6: a store that failed does not silence the line about the clock."""
    clock = Clock(0.0)
    proofs = UsedProofs(
        Store(lambda: OSError("down")), share=10, longest=65.0, on_failure="local", clock=clock
    )
    for number in range(3):
        await proofs.use("k", str(number), 60.0, now=0.0)
    await proofs.use("k", "ahead", 60.0, now=1000.0)
    clock.now = 100.0
    for number in range(3):
        with pytest.raises(InvalidProof):
            await proofs.use("k", f"back {number}", 60.0, now=0.0)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(": ")[1][:15] for line in lines] == ["the replay stor", "the wall clock "]


async def test_a_listener_that_raises_lets_the_proof_pass(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """N1, A8: and is told by the logger of this room."""

    def broken(event: Event) -> None:
        raise ZeroDivisionError

    proofs = used()
    proofs.listeners.add(broken)
    assert await is_first(proofs)
    assert {record.name for record in caplog.records} == {"asgi_jwks.binding"}


async def test_a_store_that_can_lose_its_memory_is_told_for_how_long_it_will_be_asked() -> None:
    """I12: no use is noted for longer."""

    class Expecting(Store):
        expected: float | None = None

        def expect(self, longest_ttl: float) -> None:
            assert self.expected is None
            self.expected = longest_ttl

    store = Expecting(lambda: True)
    proofs = used(store)
    await proofs.use("k", "j", 65.0, now=0.0)
    assert store.expected == max(ttl for _, ttl in store.asked) == 70.0


def test_a_memory_stands_for_another_of_the_same_settings() -> None:
    """I11: share, store and what holds while it fails; each process has one memory of its own."""
    store = Store(lambda: True)
    kinds = [
        [used(), used(None), used(ReplayMemory()), used(ReplayMemory())],
        [used(share=11), used(ReplayMemory(), share=11)],
        [used(store), used(store)],
        [used(Store(lambda: True))],
        [used(store, on_failure="local"), used(store, on_failure="local")],
    ]
    for one, other in product(kinds, kinds):
        for first, second in product(one, other):
            assert first.can_stand_for(second) is (one is other)


async def test_a_sender_has_its_share_again_once_its_proofs_have_lapsed() -> None:
    """I11: by the clock that is given, 5 s after they would pass no more."""
    clock = Clock(0.0)
    proofs = UsedProofs(None, share=1, longest=65.0, clock=clock)
    await proofs.use("k", "1", 60.0, now=0.0)
    for now in (0.0, 64.0):
        clock.now = now
        with pytest.raises(TooManyProofs):
            await proofs.use("k", "2", 60.0, now=now)
    clock.now = 65.0
    await proofs.use("k", "2", 60.0, now=65.0)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (OSError("connecting to 127.0.0.1:6379"), "OSError: connecting to 127.0.0.1:6379"),
        (OSError("a\nb" * 500), r"OSError: a\nb"),
        (TimeoutError(), "TimeoutError: "),
    ],
)
async def test_the_fault_of_a_store_is_told_in_its_own_words(fault: Exception, told: str) -> None:
    """P4: redis-py names the address of the server in the text, and not in the repr."""
    with pytest.raises(ReplayStoreUnavailable) as caught:
        await is_first(used(Store(lambda: fault)))
    assert str(caught.value).startswith(f"the replay store failed: {told}")
    assert len(str(caught.value)) < 250


async def test_local_goes_by_the_memory_of_the_process_while_the_store_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """I12: only where it is asked for by name."""
    answers: list[object] = [True, OSError("down"), OSError("down"), True]
    store = Store(lambda: answers.pop(0))
    proofs = used(store, on_failure="local")
    with caplog.at_level(logging.WARNING, "asgi_jwks.binding"):
        assert await is_first(proofs, jti="1")
        assert await is_first(proofs, jti="2")
        # Seen in this process, the first while the store was up: it is not asked again.
        assert not await is_first(proofs, jti="1")
        assert not await is_first(proofs, jti="2")
        assert await is_first(proofs, jti="3")
        assert await is_first(proofs, jti="4")
    assert len(store.asked) == 4
    # W6: once per interval.
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_sender_over_its_share_is_refused_before_the_store_is_asked() -> None:
    """I11: a replay takes nothing of the share: a thief could use it up."""
    store = Store(lambda: len(store.asked) not in (2, 3))
    proofs = used(store, share=2)
    assert await is_first(proofs, jti="1")
    assert not await is_first(proofs, jti="1")
    assert not await is_first(proofs, jti="1")
    assert await is_first(proofs, jti="2")
    with pytest.raises(TooManyProofs):
        await proofs.use("k", "3", 60.0, now=0.0)
    assert len(store.asked) == 4


@pytest.mark.parametrize(
    ("answer", "use", "kind"),
    [
        (True, ProofUse.FIRST, ""),
        (False, ProofUse.REPLAYED, ""),
        (OSError("down"), ProofUse.STORE_FAILED, "_other"),
        (ReplayStoreUnavailable("forgetful"), ProofUse.STORE_FAILED, "unavailable"),
        (None, ProofUse.STORE_FAILED, "timeout"),
    ],
)
async def test_each_use_and_each_answer_of_the_store_is_told(
    answer: object, use: ProofUse, kind: str
) -> None:
    """N5: and nothing of the proof."""
    proofs, heard = used(Store(lambda: answer)), list[Event]()
    proofs.listeners.add(heard.append)
    try:
        await proofs.use("k", "j", 60.0, now=0.0)
    except (InvalidProof, ReplayStoreUnavailable):
        assert use is not ProofUse.FIRST
    asked, told = heard
    assert told == ProofUsed(use)
    assert 0 <= getattr(asked, "seconds", -1.0) < 60
    if isinstance(asked, ReplayStoreFailed):
        assert isinstance(asked.error, ReplayStoreUnavailable)
        assert answer in (None, asked.error, asked.error.__cause__)
        assert asked.error_type == kind
        assert kind in STORE_ERROR_TYPES
    else:
        assert isinstance(asked, ReplayStoreAnswered)
        assert not kind


async def test_a_share_that_is_spent_and_a_memory_that_is_full_are_told() -> None:
    """N5: 429 and 503 have a use of their own."""
    memory, heard = ReplayMemory(capacity=2), list[Event]()
    proofs = UsedProofs(memory, share=1, longest=65.0)
    proofs.listeners.add(heard.append)
    for sender, jti in (("a", "1"), ("a", "1"), ("b", "1"), ("c", "1")):
        with suppress(TooManyProofs, ReplayStoreUnavailable):
            await proofs.use(sender, jti, 60.0, now=0.0)
    uses = [ProofUse.FIRST, ProofUse.SHARE_SPENT, ProofUse.FIRST, ProofUse.MEMORY_FULL]
    assert heard == [*map(ProofUsed, uses)]
    assert proofs.memory is memory


async def test_a_request_that_several_guards_look_at_uses_its_proof_once() -> None:
    """I11: a dependency of FastAPI within the middleware, with the same policy."""
    store = Store(lambda: len(store.asked) == 1)
    proofs = used(store)
    noted: set[tuple[int, bytes]] = set()
    for _ in range(3):
        await proofs.use("k", "j", 60.0, now=0.0, used=noted)
    assert len(store.asked) == 1
    with pytest.raises(InvalidProof):
        await proofs.use("k", "j", 60.0, now=0.0)


async def test_guards_of_one_request_note_each_proof_in_each_store() -> None:
    """I11: the same proof in another store, and another proof in the same one, are asked for."""
    store, second = Store(lambda: True), Store(lambda: True)
    noted: set[tuple[int, bytes]] = set()
    for number in range(1, 4):
        for proofs in (used(store), used(second), used(store)):
            for sender, jti in product("ab", "jk"):
                await proofs.use(f"{sender}{number}", jti, 60.0, now=0.0, used=noted)
        assert len(store.asked) == len(second.asked) == 4 * number
    assert len({key for key, _ in store.asked}) == 12
