"""The model of a resolver's answers, as a state machine that drives the real ResolvedIssuers.

Two event loops ask by turns, so that a question of one may end long after a later one of the other.
The application's answers are true as of when they were asked for, and come late, never, or not at
all; tenants begin, change and end meanwhile. The oracle knows which tenants there were when.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

import anyio
import anyio.lowlevel
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.jumping_runners import new_runner
from tests.support.jumping_time import JumpingTime
from tests.support.models import model_time_limit, run_model

from asgi_jwks import InvalidToken, KeySetUnavailable, Reason, StaticJWKSet, TrustedIssuer
from asgi_jwks.caching.budget import Budget
from asgi_jwks.testing import SigningKey
from asgi_jwks.tokens.issuer import Issuer
from asgi_jwks.tokens.resolver import ResolvedIssuers

FRESH: Final = 300.0
SERVES: Final = 4200.0
UNKNOWN: Final = 10.0
TIMEOUT: Final = 5.0
MAX_WAIT: Final = 1.0
BURST: Final = 5
INTERVAL: Final = 30.0
LATENCY: Final = 0.2
SLOW: Final = 4.0
LONGEST_BACKOFF: Final = 60.0
SLACK: Final = 0.5

NAMES: Final = ("https://a.example/", "https://b.example/")
JWKS: Final = [
    {"keys": [SigningKey.generate("ES256", kid=f"key-{number}").public_jwk()]} for number in (0, 1)
]

names: Final = st.sampled_from(NAMES)
loops: Final = st.sampled_from([0, 1])
modes: Final = st.sampled_from(
    ["healthy", "healthy", "healthy", "slow", "failing", "hanging", "cancelling", "mistaken"]
)
pauses: Final = st.sampled_from(
    [0.1, 0.9, 3.0, 6.0, 11.0, 31.0, 66.0, 299.0, 301.0, 1000.0, 4300.0]
)


class Tenant(NamedTuple):
    """A tenant as the application has it: a number of its own, and which keys it has."""

    version: int
    keys: int


class Told(NamedTuple):
    """An answer: as of when it was true, when it came, and the tenant, if there was one."""

    as_of: float
    came: float
    tenant: Tenant | None


class Resolver(RuleBasedStateMachine):
    """The application, its resolver, and the truth about both."""

    def __init__(self, backends: tuple[str, str]) -> None:
        super().__init__()
        self.time = JumpingTime()
        self.runners = [new_runner(backend, self.time) for backend in backends]
        self.turn = 0
        self.mode = "healthy"
        # Whether the application refuses a tenant that it knows, by an error of its own.
        self.refuses = False
        self.versions = 0
        self.tenants: dict[str, Tenant] = {}
        self.newcomers: list[str] = []
        self.questions = 0
        self.told: defaultdict[str, list[Told]] = defaultdict(list)
        # Since when each name has been as it is now.
        self.since = dict.fromkeys(NAMES, -math.inf)
        self.unwell_at = -math.inf
        self.in_flight: set[tuple[str, int]] = set()
        # The most that strangers may have left of the budget, who are paid back nothing.
        self.left, self.left_at = float(BURST), self.time.now
        self.violations: list[str] = []
        self.strangers = 0
        self.issuers = ResolvedIssuers(
            self.resolve, budget=Budget(burst=BURST, interval=INTERVAL), clock=lambda: self.time.now
        )

    def run(self, loop: int, work: Callable[[], object]) -> object:
        self.turn = loop
        return self.runners[loop].run(work)  # type: ignore[arg-type]

    # The application.

    async def resolve(self, name: str) -> Issuer | None:
        place = name, self.turn
        if place in self.in_flight:
            self.violations.append("two questions about one name at a time")
        self.in_flight.add(place)
        if name not in NAMES and name not in self.tenants:
            passed, self.left_at = self.time.now - self.left_at, self.time.now
            self.left = min(float(BURST), self.left + passed / INTERVAL) - 1
            if self.left < -1e-3:
                self.violations.append("strangers cost more than the budget")
        self.questions += 1
        try:
            return await self.answer(name)
        except anyio.get_cancelled_exc_class():
            # It is late: also where its loop stood still.
            self.unwell_at = max(self.unwell_at, self.time.now)
            raise
        finally:
            self.in_flight.discard(place)

    async def answer(self, name: str) -> Issuer | None:
        as_of, tenant, mode, refuses = (
            self.time.now,
            self.tenants.get(name),
            self.mode,
            self.refuses,
        )
        if mode == "hanging":
            self.unwell_at = self.time.now + TIMEOUT
            await anyio.sleep_forever()
        await anyio.sleep(SLOW if mode == "slow" else LATENCY)
        if mode in {"failing", "cancelling"}:
            self.unwell_at = self.time.now
            if mode == "cancelling" and anyio.get_cancelled_exc_class() is asyncio.CancelledError:
                raise asyncio.CancelledError
            raise ConnectionError
        if refuses or mode == "mistaken":
            tenant = None
        self.told[name].append(Told(as_of, self.time.now, tenant))
        if refuses:
            raise InvalidToken(Reason.CHECK_FAILED)
        if mode == "mistaken":
            return TrustedIssuer(issuer=name, audience="x", keys=StaticJWKSet(JWKS[0]))
        if tenant is None:
            return None
        return TrustedIssuer(
            issuer=name,
            audience="x",
            algorithms="ES256",
            grants=[f"version-{tenant.version}"],
            keys=StaticJWKSet(JWKS[tenant.keys]),
        )

    @rule(name=names, keys=st.sampled_from([0, 1]))
    def a_tenant_begins_or_changes(self, name: str, keys: int) -> None:
        self.versions += 1
        self.tenants[name] = Tenant(self.versions, keys)
        self.since[name] = self.time.now

    @rule(name=names)
    def a_tenant_ends(self, name: str) -> None:
        self.tenants.pop(name, None)
        self.since[name] = self.time.now

    @rule(mode=modes, refuses=st.sampled_from([False, False, False, True]))
    def the_resolver_changes(self, mode: str, refuses: bool) -> None:
        self.mode, self.refuses = mode, refuses
        if not self.is_well:
            self.unwell_at = max(self.unwell_at, self.time.now)
        self.since = dict.fromkeys(NAMES, self.time.now)

    @property
    def is_well(self) -> bool:
        return self.mode in {"healthy", "slow"} and not self.refuses

    @rule(seconds=pauses, loop=loops)
    def time_passes(self, seconds: float, loop: int) -> None:
        was_well = self.is_well
        self.run(loop, lambda: anyio.sleep(seconds))
        if not was_well:
            self.unwell_at = max(self.unwell_at, self.time.now)

    # Requests.

    @rule(name=names, loop=loops)
    def a_token_arrives(self, name: str, loop: int) -> None:
        """Its issuer is asked for, unless it is known."""
        began = self.time.now
        newest = max(self.told[name], default=None)
        held = self.issuers._answers._budget.held(began)
        # A question that the other loop left unfinished is this name's as well.
        is_pending = bool(self.issuers._answers._questions)
        found: Issuer | None = None
        outcome = "found"
        try:
            found = self.issuers.known(name) or self.run(  # type: ignore[assignment]
                loop, partial(self.issuers.resolve, name)
            )
        except InvalidToken:
            outcome = "refused"
        except KeySetUnavailable:
            outcome = "unavailable"
        waited = self.time.now - began
        assert waited <= TIMEOUT + SLACK, "a request waited for longer than the deadline"
        serves = newest is not None and newest.tenant and began - newest.came < SERVES - SLACK
        if outcome == "unavailable":
            unwell_for = began - self.unwell_at
            assert is_pending or unwell_for < LONGEST_BACKOFF + TIMEOUT + SLACK, "503 without need"
            assert not serves, "503 though the last answer serves"
        elif outcome == "found" and found is not None:
            is_calm = began - self.unwell_at > LONGEST_BACKOFF + TIMEOUT + SLACK
            may_be_asked = self.mode == "healthy" and self.is_well and is_calm and not is_pending
            self.check_found(name, found, began, newest, may_be_asked=may_be_asked)
        elif outcome == "found":
            self.check_nobody(name, began, held, is_pending=is_pending)
        if serves and newest is not None and not is_pending:
            assert waited <= MAX_WAIT + SLACK, "a request waited though the last answer serves"

    def check_found(
        self, name: str, found: Issuer, began: float, newest: Told | None, *, may_be_asked: bool
    ) -> None:
        grants = found.rules.grants or frozenset()
        sources = [
            told
            for told in self.told[name]
            if told.tenant and f"version-{told.tenant.version}" in grants
        ]
        assert sources, "an issuer that nobody told of"
        assert max(told.came for told in sources) > began - SERVES - SLACK, (
            "an answer from long ago"
        )
        # What serves no longer is forgotten, and a loop that stood still may bring an older one.
        if newest is not None and began - newest.came < SERVES - SLACK:
            assert max(told.as_of for told in sources) >= newest.as_of, (
                "an older answer took the place of a newer one"
            )
        if may_be_asked:
            assert max(told.came for told in sources) > began - FRESH - SLACK, (
                "an answer that is not fresh was not asked for anew"
            )
        for told in sources:
            assert told.tenant is not None
            kid = found.keys.at_hand().keys[0].kid  # type: ignore[union-attr]
            assert kid == f"key-{told.tenant.keys}", "the rules of one answer with another's keys"

    def check_nobody(self, name: str, began: float, held: float, *, is_pending: bool) -> None:
        if name not in self.tenants or not self.is_well or is_pending:
            return
        known_for = began - self.since[name]
        if known_for < UNKNOWN + SLOW + SLACK:
            return
        assert held < 1, "a tenant is nobody though the budget held a question"

    @rule(name=names, loop=loops, number=st.integers(2, 30))
    def many_tokens_arrive_at_once(self, name: str, loop: int, number: int) -> None:
        before = len(self.told[name])

        async def one() -> None:
            with suppress(InvalidToken, KeySetUnavailable):
                await self.issuers.resolve(name)

        async def all_at_once() -> None:
            async with anyio.create_task_group() as tasks:
                for _ in range(number):
                    tasks.start_soon(one)

        self.run(loop, all_at_once)
        assert len(self.told[name]) - before <= 2

    @rule(name=names, loop=loops)
    def a_question_is_left_unfinished(self, name: str, loop: int) -> None:
        """Whoever needed the answer has gone; the question goes on when its loop runs again."""

        async def begin() -> None:
            with anyio.move_on_after(0.05), suppress(InvalidToken, KeySetUnavailable):
                await self.issuers.resolve(name)

        self.run(loop, begin)

    @rule(loop=loops)
    def a_loop_leaves_its_questions(self, loop: int) -> None:
        self.run(loop, self.issuers.aclose)
        assert not any(place == loop for _, place in self.in_flight)

    @rule(loop=loops, number=st.integers(1, 20))
    def strangers_come(self, loop: int, number: int) -> None:
        async def all_at_once() -> None:
            async with anyio.create_task_group() as tasks:
                for _ in range(number):
                    self.strangers += 1
                    tasks.start_soon(self.a_stranger, f"https://{self.strangers}.example/")

        self.run(loop, all_at_once)

    async def a_stranger(self, name: str) -> None:
        with suppress(InvalidToken, KeySetUnavailable):
            assert await self.issuers.resolve(name) is None

    # Stories that hypothesis would seldom find by itself.

    @rule(loop=loops, number=st.integers(2, 2 * BURST))
    def new_tenants_come(self, loop: int, number: int) -> None:
        """One after the other: a question that has found a tenant is paid back."""
        answers = self.issuers._answers
        pays = answers._budget.held(self.time.now) >= 1
        is_paid = self.is_well and pays and not answers._questions
        for _ in range(number):
            self.versions += 1
            name = f"https://tenant-{self.versions}.example/"
            self.newcomers.append(name)
            self.tenants[name] = Tenant(self.versions, 0)
            assert self.asked(loop, name) or not is_paid, "a new tenant is nobody"

    @rule(loop=loops)
    def known_tenants_are_asked_for_again(self, loop: int) -> None:
        """That costs no budget, and gives none to strangers."""
        self.time_passes(FRESH + 1, loop)
        for name in (None, *self.newcomers[-2 * BURST :], None):
            if name is None:
                self.strangers_come(loop, 2 * BURST)
            else:
                self.asked(loop, name)

    @rule(
        name=names,
        loop=loops,
        keys=st.sampled_from([0, 1]),
        mode=st.sampled_from(["healthy", "slow", "hanging", "failing"]),
    )
    def a_known_tenant_changes(self, name: str, loop: int, keys: int, mode: str) -> None:
        """Its next answer is asked for when the last is not fresh, or the last one serves."""
        self.the_resolver_changes("healthy", False)
        self.time_passes(UNKNOWN + LONGEST_BACKOFF + TIMEOUT, loop)
        for each in (1 - keys, keys):
            self.a_tenant_begins_or_changes(name, each)
            self.a_token_arrives(name, loop)
            self.a_token_arrives(name, loop)
            self.time_passes(FRESH + 1, loop)
        self.the_resolver_changes(mode, False)
        self.a_token_arrives(name, loop)
        self.a_token_arrives(name, loop)
        self.time_passes(SERVES, loop)
        self.a_token_arrives(name, loop)

    @rule(name=names, loop=loops, number=st.integers(2, 20))
    def a_tenant_sends_tokens_during_an_outage(self, name: str, loop: int, number: int) -> None:
        """One after the other: the pauses between questions grow."""
        self.the_resolver_changes("failing", False)
        questions, began = self.questions, self.time.now
        for _ in range(number):
            self.a_token_arrives(name, loop)
        # The first pause may have been over, and a question was in progress.
        assert self.questions - questions <= 3 + math.log2(1 + self.time.now - began)

    @rule(name=names)
    def a_refusal_comes_after_a_newer_answer(self, name: str) -> None:
        """It was true when it was asked for, and is true no more."""
        self.the_resolver_changes("healthy", False)
        self.time_passes(FRESH + 1, 1)
        self.a_tenant_begins_or_changes(name, 0)
        self.the_resolver_changes("slow", True)
        self.a_question_is_left_unfinished(name, 0)
        self.the_resolver_changes("healthy", False)
        self.time_passes(LATENCY, 1)
        self.a_token_arrives(name, 1)
        self.time_passes(SLOW, 0)
        self.a_token_arrives(name, 1)

    def asked(self, loop: int, name: str) -> bool:
        """Whether the resolver names this tenant."""
        with suppress(InvalidToken, KeySetUnavailable):
            return self.run(loop, partial(self.issuers.resolve, name)) is not None
        return False

    @precondition(lambda self: self.is_well)
    @rule(name=names, refuses=st.booleans())
    def a_tenant_ends_while_an_older_question_is_unfinished(self, name: str, refuses: bool) -> None:
        """The older answer comes last, and is true no more."""
        self.time_passes(FRESH + 1, 1)
        self.a_tenant_begins_or_changes(name, 0)
        mode, self.mode = self.mode, "slow"
        self.a_question_is_left_unfinished(name, 0)
        self.mode = mode
        self.tenants.pop(name)
        self.since[name] = self.time.now
        self.refuses = refuses
        self.a_token_arrives(name, 1)
        self.time_passes(SLOW, 0)
        self.a_token_arrives(name, 1)
        self.refuses = False

    # What holds at all times.

    @invariant()
    def the_promises_are_kept(self) -> None:
        assert not self.violations

    def teardown(self) -> None:
        """Whatever happened: when the resolver is well, each tenant is known again."""
        try:
            self.mode, self.refuses = "healthy", False
            for loop in (0, 1):
                self.run(loop, lambda: anyio.sleep(BURST * INTERVAL + LONGEST_BACKOFF + FRESH))
            for name in NAMES:
                found = self.run(0, partial(self.issuers.resolve, name))
                assert (found is not None) is (name in self.tenants)
            for loop in (0, 1):
                self.run(loop, self.issuers.aclose)
            assert not self.issuers._answers._questions, "a question is never forgotten"
        finally:
            for loop, runner in enumerate(self.runners):
                self.run(loop, self.issuers.aclose)
                runner.close()


@model_time_limit
@pytest.mark.parametrize(
    ("backends", "examples"),
    [(("asyncio", "asyncio"), 50), (("trio", "trio"), 25), (("asyncio", "trio"), 25)],
    ids=["asyncio", "trio", "both"],
)
def test_the_model_of_a_resolver_holds_whatever_happens(
    backends: tuple[str, str], examples: int
) -> None:
    """F24, F10, F15, H3, H4, B8, W6."""

    class ResolverHere(Resolver):
        def __init__(self) -> None:
            super().__init__(backends)

    run_model(ResolverHere, examples=examples, steps=40)
