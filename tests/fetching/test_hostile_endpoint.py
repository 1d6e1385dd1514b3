"""The real RemoteJWKSet and HTTP client against an endpoint that answers with anything at all.

Hypothesis searches through answers, published sets, requests and time that jumps. The oracle knows
what each answer must come to; the rest are the promises: no bad answer replaces a good set, nobody
waits longer than is stated, 503 comes from the state of the keys alone, and the endpoint is asked
within backoff and budget.
"""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

import anyio
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.support.hostile_answers import TIMEOUT, Answer, any_answer, well
from tests.support.jumping_time import JumpingTime
from tests.support.models import model_time_limit, run_model
from tests.support.scripted_network import Script, ScriptedClient

from asgi_jwks.caching.freshness import Phase
from asgi_jwks.errors import InvalidToken, KeySetUnavailable
from asgi_jwks.events import KeySetEvent, KeySetRefreshed, RefreshFailed
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import SigningKey

MAX_AGE: Final = 600.0
SHORTEST_MAX_AGE: Final = 60.0
MAX_STALE: Final = 3600.0
MAX_WAIT: Final = 1.0
LONGEST_BACKOFF: Final = 60.0
SLACK: Final = 0.01

KEYS: Final = {kid: SigningKey.generate("ES256", kid=kid) for kid in ("one", "two", "three")}
TAGS: Final = (None, '"a"', '"b"', 'W/"a"', '""')

# A seed for the endpoint's answers: they are made while a fetch is in progress, and hypothesis must
# not draw there.
chances: Final = st.integers(0, 2**32)
pauses: Final = st.one_of(
    st.floats(0.01, 5), st.sampled_from([1.3, 29.0, 31.0, 61.0, 95.0, 125.0, 301.0, 601.0, 4201.0])
)


class Hostile(RuleBasedStateMachine):
    """The endpoint, the key set, and what each answer must have come to."""

    def __init__(self) -> None:
        super().__init__()
        self.time = JumpingTime()
        self.runner = asyncio.Runner(loop_factory=self.time.new_loop)
        self.chance: Random | None = None
        self.published: tuple[str, ...] = ("one",)
        self.etag: str | None = '"a"'
        # The load in progress: its answers, when it began, and what its last good one brought.
        self.load: list[Answer] = []
        self.began = self.not_before = -math.inf
        self.brought: tuple[str, ...] = ()
        self.failures = 0
        self.is_forced = False
        self.forced_at: list[float] = []
        self.wrong: list[str] = []
        # The set that must be at hand, and until when it is fresh.
        self.at_hand: tuple[str, ...] | None = None
        self.fetched_at = -math.inf
        self.lifetime = 0.0
        self.requests: list[float] = []
        self.keys = RemoteJWKSet(
            "https://issuer.example/keys",
            http_client=ScriptedClient(self.connect),
            listener=self.told,
            clock=lambda: self.time.now,
        )

    # The endpoint.

    def document(self) -> bytes:
        return json.dumps({"keys": [KEYS[kid].public_jwk() for kid in self.published]}).encode()

    def connect(self) -> Callable[[bytes], Script] | None:
        now = self.time.now
        self.requests.append(now)
        if not self.load:
            self.began = now
            if now < self.not_before - SLACK and not self.is_forced:
                self.wrong.append("the backoff was not kept")
        elif not self.load[-1].asks_again:
            self.wrong.append(f"asked again after: {self.load[-1].name}")
        elif self.load[-1].asks_again == "once" and self.failures:
            self.wrong.append("an endpoint that is failing was asked twice")
        if len(self.load) > 2:
            self.wrong.append("asked more than three times")
        if self.chance is not None and self.chance.random() < 0.05:
            self.load.append(Answer("nobody listens", None, "bad", asks_again="once"))
            return None
        return self.answer

    def answer(self, request: bytes) -> Script:
        tag = re.search(rb"^if-none-match: (.*)\r$", request, re.MULTILINE | re.IGNORECASE)
        asked_for = None if tag is None else tag[1].decode()
        answer = (
            well(self.document())
            if self.chance is None
            else any_answer(self.chance, self.document(), self.etag, asked_for)
        )
        self.load.append(answer)
        if answer.verdict == "good":
            self.brought = self.published
        assert answer.script is not None
        return answer.script

    def told(self, event: KeySetEvent) -> None:
        """The end of a load."""
        if not isinstance(event, KeySetRefreshed | RefreshFailed):
            return
        load, self.load = self.load, []
        if not load:
            self.wrong.append("a load ended without a request")
            return
        now = self.time.now
        took = now - self.began
        if took > TIMEOUT + SLACK:
            self.wrong.append("the deadline was not kept")
        last = load[-1]
        if isinstance(event, KeySetRefreshed):
            if last.verdict == "bad":
                self.wrong.append(f"accepted: {last.name}")
            if last.verdict == "good":
                self.at_hand = self.brought
            self.fetched_at = self.began
            advised = MAX_AGE if last.advised is None else last.advised
            self.lifetime = min(MAX_AGE, max(SHORTEST_MAX_AGE, advised))
            self.failures, self.not_before = 0, -math.inf
            return
        if last.verdict != "bad" and took < TIMEOUT - SLACK:
            self.wrong.append(f"refused: {last.name}: {event.error}")
        pause = min(LONGEST_BACKOFF, 2.0 ** min(self.failures, 6))
        self.not_before = now + max(pause, last.wait or 0.0)
        if event.retry_in > max(1.25 * pause, last.wait or 0.0) + SLACK:
            self.wrong.append(f"a pause of {event.retry_in} s after: {last.name}")
        self.failures += 1

    # What may happen.

    def run(self, chance: int, work: Callable[[], Awaitable[object]]) -> float:
        """Seconds that the work took."""
        self.chance = Random(chance)

        async def main() -> None:
            await work()

        began = self.time.now
        self.runner.run(main())
        return self.time.now - began

    @rule(chance=chances, seconds=pauses)
    def time_passes(self, chance: int, seconds: float) -> None:
        self.run(chance, lambda: anyio.sleep(seconds))

    @rule(kids=st.sets(st.sampled_from(sorted(KEYS)), min_size=1), etag=st.sampled_from(TAGS))
    def another_set_is_published(self, kids: set[str], etag: str | None) -> None:
        self.published = tuple(sorted(kids))
        self.etag = etag

    @rule(chance=chances, kid=st.sampled_from([*sorted(KEYS), "nobody's"]))
    def a_token_arrives(self, chance: int, kid: str) -> None:
        phase, before = self.phase(), self.at_hand
        is_here = before is not None and kid in before
        outcome = ""

        async def look() -> None:
            nonlocal outcome
            try:
                await self.keys.find(kid, "ES256", lambda: None)
                outcome = "accepted"
            except InvalidToken:
                outcome = "refused"
            except KeySetUnavailable:
                outcome = "unavailable"

        waited = self.run(chance, look)
        if outcome == "accepted":
            assert self.at_hand is not None
            assert kid in {*self.at_hand, *(before or ())}
        if outcome == "unavailable":
            assert {phase, self.phase()} & {Phase.EMPTY, Phase.EXPIRED}, "503 though there are keys"
        # It may wait for the end of a load in progress, and for one of its own.
        assert waited <= 2 * TIMEOUT + SLACK, "a request waited for too long"
        if is_here and phase in {Phase.FRESH, Phase.DUE}:
            assert waited == 0, "a request waited though its key was at hand"
        if is_here and phase is Phase.STALE and outcome == "accepted" and kid in self.published:
            assert waited <= MAX_WAIT + SLACK, "a request waited longer than max_wait"

    @rule(chance=chances)
    def strangers_come(self, chance: int) -> None:
        async def stranger(number: int) -> None:
            try:
                await self.keys.find(f"forged {self.time.now} {number}", "ES256", lambda: None)
            except (InvalidToken, KeySetUnavailable):
                return
            raise AssertionError("a key was found that nobody published")

        async def all_at_once() -> None:
            async with anyio.create_task_group() as tasks:
                for number in range(10):
                    tasks.start_soon(stranger, number)

        before = len(self.requests)
        self.run(chance, all_at_once)
        # A load by the schedule and one by the budget's burst of two, each of three requests.
        assert len(self.requests) - before <= 3 * (1 + 2)

    @rule(chance=chances)
    def an_operator_refreshes(self, chance: int) -> None:
        async def refresh() -> None:
            try:
                await self.keys.refresh()
            except KeySetUnavailable:
                return
            if self.fetched_at < asked_at:
                self.wrong.append("a refresh that began before the call was taken for one after it")

        asked_at = self.time.now
        self.forced_at.append(asked_at)
        self.is_forced = True
        self.run(chance, refresh)
        self.is_forced = False

    # What holds.

    def phase(self) -> Phase:
        """The phase by the oracle's own reckoning; DUE is called FRESH."""
        if self.at_hand is None:
            return Phase.EMPTY
        age = self.time.now - self.fetched_at
        if age >= self.lifetime + MAX_STALE:
            return Phase.EXPIRED
        return Phase.STALE if age >= self.lifetime else Phase.FRESH

    @invariant()
    def nothing_was_wrong(self) -> None:
        assert not self.wrong, "; ".join(self.wrong)

    @invariant()
    def the_last_good_set_is_at_hand(self) -> None:
        health = self.keys.health()
        assert health.key_ids == (self.at_hand or ())
        phase = Phase.FRESH if health.phase is Phase.DUE else health.phase
        age = self.time.now - self.fetched_at
        edges = (self.lifetime, self.lifetime + MAX_STALE)
        assert phase is self.phase() or any(abs(age - edge) < SLACK for edge in edges)

    @invariant()
    def requests_stay_within_schedule_budget_and_backoff(self) -> None:
        now = self.time.now
        recent = sum(1 for at in self.requests if at > now - 30)
        forced = sum(1 for at in self.forced_at if at > now - 30 - 2 * TIMEOUT)
        # In half a minute: the burst and a refill, the schedule, and the first pauses of a backoff
        # that may begin anew after each success; each load asks three times at most.
        assert recent <= 3 * (3 + 1 + 5 + 2 * forced)

    def teardown(self) -> None:
        """When the endpoint is well again, all is well soon after."""
        self.chance = None
        try:
            if not self.wrong:
                self.runner.run(anyio.sleep(TIMEOUT + 301))
                self.runner.run(self.keys.refresh())
                assert self.keys.health().key_ids == self.published
                self.runner.run(self.keys.aclose())
        finally:
            self.runner.close()


@model_time_limit
def test_whatever_an_endpoint_answers_the_promises_hold() -> None:
    """F2, F3, F6, F8, F9, F11, B8."""
    run_model(Hostile, examples=100, steps=30)
