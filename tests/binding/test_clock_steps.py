"""A wall clock that is set back, against a model that remembers every use for ever."""

from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asgi_jwks import InvalidProof
from asgi_jwks.binding.clock_steps import ClockSteps
from asgi_jwks.binding.replay import ReplayMemory
from asgi_jwks.binding.used_proofs import UsedProofs

MAX_AGE, LEEWAY, MARGIN = 60.0, 5.0, 5.0
LONGEST = MAX_AGE + LEEWAY
EPOCH = 1_700_000_000.0


class Proof(NamedTuple):
    jti: str
    iat: float


class Exact(ReplayMemory):
    """A memory that forgets each use in the moment in which it may."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.world = world
        self.until: dict[bytes, float] = {}

    async def first_use(self, key: bytes, ttl: float) -> bool:
        is_first = self.until.get(key, -1.0) < self.world.monotonic
        if is_first:
            self.until[key] = self.world.monotonic + ttl
        return is_first


class World:
    """A wall clock, a monotonic one, and the proofs that were accepted."""

    def __init__(self, store: Any = None) -> None:
        self.wall, self.monotonic = EPOCH, 0.0
        self.memory = Exact(self) if store is None else store
        self.used = self.guard()
        self.accepted: set[str] = set()
        self.made: list[Proof] = []

    def guard(self) -> UsedProofs:
        return UsedProofs(self.memory, share=10**6, longest=LONGEST, clock=lambda: self.monotonic)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def new(self, age: float = 0.0) -> Proof:
        proof = Proof(str(len(self.made)), self.wall - age)
        self.made.append(proof)
        return proof

    def accepts(self, proof: Proof, used: UsedProofs | None = None) -> bool:
        ttl = proof.iat + MAX_AGE - self.wall
        # RFC 9449, section 4.3(11).
        if ttl < 0 or proof.iat > self.wall + LEEWAY:
            return False
        noting = (used or self.used).use("k", proof.jti, ttl, now=self.wall)
        try:
            noting.send(None)
        except StopIteration:
            self.accepted.add(proof.jti)
            return True
        except InvalidProof:
            return False
        raise AssertionError("it waits for something")


WAITS = st.sampled_from([0.0, 1.0, 4.0, 30.0, 66.0, 71.0, 200.0, 3600.0])
STEPS = st.sampled_from(
    [
        -7200.0,
        -3600.0,
        -201.0,
        -70.0,
        -66.0,
        -30.0,
        -12.0,
        -6.0,
        -4.0,
        4.0,
        30.0,
        66.0,
        3600.0,
        7200.0,
    ]
)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), WAITS),
        st.tuples(st.just("step"), STEPS),
        st.tuples(st.just("new"), st.sampled_from([-LEEWAY, 0.0, 30.0, 55.0, MAX_AGE])),
        # The oldest ones, and any others.
        st.tuples(st.just("again"), st.integers(0, 3)),
        st.tuples(st.just("again"), st.integers(-4, -1)),
    ),
    max_size=40,
)


@given(ACTIONS)
@example([("new", 0.0), ("wait", 71.0), ("step", -12.0), ("again", 0)])
@example([("new", 0.0), ("step", 4.0), ("new", 0.0), ("wait", 66.0), ("step", -6.0), ("again", -1)])
@example(
    [("new", 0.0), ("wait", 200.0), ("new", 0.0), ("step", -201.0), ("new", 0.0), ("again", 0)]
)
def test_no_proof_is_accepted_twice_whatever_the_wall_clock_does(
    actions: list[tuple[str, Any]],
) -> None:
    """I11: by the memory of this process, with any steps and any proofs."""
    world = World()
    for kind, value in actions:
        if kind == "wait":
            world.passes(value)
        elif kind == "step":
            world.wall += value
        elif kind == "new":
            world.accepts(world.new(value))
        elif -len(world.made) <= value < len(world.made):
            proof = world.made[value]
            was_accepted = proof.jti in world.accepted
            assert not (world.accepts(proof) and was_accepted)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-LEEWAY, MAX_AGE - 1)), max_size=60))
def test_without_a_step_each_new_proof_is_accepted(proofs: list[tuple[float, float]]) -> None:
    world = World()
    for pause, age in proofs:
        world.passes(pause)
        assert world.accepts(world.new(age))


@pytest.mark.parametrize("step", [-30.0, 3600.0])
def test_after_a_step_new_proofs_are_accepted(step: float) -> None:
    """I11: of clients whose clocks are right, where the step is no longer than a proof's life."""
    world = World()
    for _ in range(20):
        for _ in range(3):
            world.passes(1.0)
            assert world.accepts(world.new())
        world.wall += step
        world.passes(200.0)


def test_a_clock_that_was_ahead_and_unused_costs_nothing() -> None:
    """I11: a machine that starts with a wrong clock refuses proofs until it is put right."""
    world = World()
    world.wall += 7200.0
    assert not world.accepts(Proof("early", EPOCH))
    world.wall -= 7200.0
    assert world.accepts(world.new())


def test_proofs_before_and_after_a_time_of_its_own_are_told_apart() -> None:
    """I14: with nonces, proofs are used while the clock is wrong; those from before it are not."""
    world = World()
    for _ in range(2):
        assert world.accepts(world.new())
        world.wall += 7200.0
        assert world.accepts(world.new())
        world.wall -= 7200.0
        world.passes(1.0)
    assert world.accepts(world.new())


def test_it_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """I11, P4: once, and the refusal says it as well."""
    world = World()
    proof = world.new()
    assert world.accepts(proof)
    world.passes(70.0)
    world.accepts(world.new())
    world.wall -= 65.0
    for _ in range(2):
        noting = world.used.use("k", proof.jti, 55.0, now=world.wall)
        with pytest.raises(InvalidProof, match="made before the wall clock was set back"):
            noting.send(None)
    [told] = [record.getMessage() for record in caplog.records]
    assert told.startswith("DPoP proofs: the wall clock was set back")


class Forgetful(ReplayMemory):
    """A memory that forgets at once, and that nobody can look up in a dictionary."""

    __hash__ = None  # type: ignore[assignment]  # as of a dataclass that is not frozen

    async def first_use(self, key: bytes, ttl: float) -> bool:
        return True


def test_guards_with_one_memory_know_of_each_other_s_uses() -> None:
    """I11, I12: a proof that one has noted before the step; stores of any kind have their own."""
    for store, is_shared in ((None, True), (Forgetful(), False)):
        world = World(store)
        first, other = world.guard(), world.guard()
        proof = world.new()
        assert world.accepts(proof, first)
        world.passes(70.0)
        world.accepts(world.new(), first)
        world.wall -= 65.0
        assert world.accepts(proof, other) is not is_shared


def after_steps(again: float) -> bool:
    """Whether the proofs of an era are remembered, after a hundred eras with a step between."""
    steps, wall, monotonic = ClockSteps(MARGIN), EPOCH, 0.0

    def are_remembered(until: float) -> bool:
        return steps.are_remembered(until, now=wall, monotonic=monotonic, longest=LONGEST)

    for era in range(100):
        assert are_remembered(wall + 60.0)
        # H4: eight, of which the oldest stands for all before it.
        assert len(steps._past) == min(era, 8)
        wall += 1000.0
        monotonic += 100.0
    wall = EPOCH + again * 1000.0
    return are_remembered(wall + 60.0)


def test_many_steps_are_kept_as_a_few() -> None:
    """H4, I11: and none of them is forgotten."""
    assert not any(map(after_steps, range(99)))
    assert after_steps(-10)
    # Between two that are kept apart there was no use.
    assert after_steps(95) is False
    assert after_steps(95.5) is True


def one_step(by: float) -> ClockSteps:
    """A use at EPOCH, and another one after a step of the wall clock, a second later."""
    steps = ClockSteps(MARGIN)
    for now, monotonic in ((EPOCH, 0.0), (EPOCH + 1.0 + by, 1.0)):
        assert steps.are_remembered(now + 60.0, now=now, monotonic=monotonic, longest=LONGEST)
    return steps


@pytest.mark.parametrize("by", [0.0, 4.0, -4.0, 4.75, -4.75])
def test_a_step_by_less_than_the_margin_is_none(by: float) -> None:
    """I11: proofs are remembered for so much longer than they would pass."""
    assert one_step(by)._past == ()


@pytest.mark.parametrize("by", [5.0, -5.0, 6.0, -6.0, 7200.0])
def test_a_step_by_the_margin_or_more_is_one(by: float) -> None:
    """I11"""
    [past] = one_step(by)._past
    assert (past.begin, past.end) == (EPOCH, EPOCH + LONGEST)


@pytest.mark.parametrize(
    ("until", "is_refused"),
    [
        (EPOCH - MARGIN - 1.0, False),
        (EPOCH - MARGIN, True),
        (EPOCH + LONGEST + MARGIN, True),
        (EPOCH + LONGEST + MARGIN + 1.0, False),
    ],
)
def test_proofs_that_no_use_before_the_step_can_have_been_are_not_refused(
    until: float, is_refused: bool
) -> None:
    """I11: a proof passes for `longest` seconds, and both clocks drift by less than the margin."""
    steps = one_step(-7200.0)
    # Long after all of them are forgotten.
    remembered = steps.are_remembered(until, now=until, monotonic=90_000.0, longest=LONGEST)
    assert remembered is not is_refused


@pytest.mark.parametrize(("monotonic", "is_refused"), [(64.0, False), (65.0, True)])
def test_proofs_that_are_remembered_still_are_not_refused(
    monotonic: float, is_refused: bool
) -> None:
    """I11: the memory tells by itself; one that passes for 60 s is remembered for 65."""
    steps, until = one_step(-7200.0), EPOCH + 60.0
    assert (
        steps.are_remembered(until, now=EPOCH, monotonic=monotonic, longest=LONGEST)
        is not is_refused
    )
