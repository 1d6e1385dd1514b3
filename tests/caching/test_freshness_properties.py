"""A key set through random requests, rotations, failures and time, against what it promises.

The machine runs in a loop whose time jumps, so that hours pass in milliseconds and waits are exact.
"""

import json
import math
from collections.abc import Mapping
from typing import Final

import anyio
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from tests.support.jumping_runners import AsyncioRunner
from tests.support.jumping_time import JumpingTime
from tests.support.models import model_time_limit, run_model

from asgi_jwks.caching.freshness import Phase
from asgi_jwks.errors import InvalidToken, KeySetUnavailable
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import SigningKey

MAX_AGE: Final = 600.0
MAX_STALE: Final = 3600.0
MAX_WAIT: Final = 1.0
TIMEOUT: Final = 5.0
# The longest backoff, and as long again until a failure is old news.
MEMORY_OF_FAILURE: Final = 120.0
LATENCY: Final = 0.2

KEYS: Final = {key.kid: key for key in (SigningKey.generate("ES256") for _ in range(3))}
kids: Final = st.sampled_from(sorted(KEYS))
# Any time, and times just past what the clocks say.
pauses: Final = st.one_of(
    st.floats(0.01, 20), st.floats(20, 5000), st.sampled_from([1.5, 31, 125, 515, 605, 1300, 4300])
)


class KeySet(RuleBasedStateMachine):
    """One RemoteJWKSet, one endpoint, and the truth about both."""

    def __init__(self) -> None:
        super().__init__()
        self.time = JumpingTime()
        self.runner = AsyncioRunner(self.time)
        self.keys = RemoteJWKSet(
            "https://issuer.example/keys",
            fetch=self.fetch,
            listener=lambda event: None,
            clock=lambda: self.time.now,
        )
        self.published = set(KEYS)
        self.removed_at = dict.fromkeys(KEYS, -math.inf)
        self.mode = "healthy"
        self.healthy_since = self.time.now
        self.fetched_at: list[float] = []
        self.violations: list[str] = []
        self.failed_at: list[float] = []
        self.failures = 0
        self.not_before = -math.inf

    # The endpoint.

    async def fetch(self, url: str, headers: Mapping[str, str]) -> FetchResponse:
        now = self.time.now
        if now < self.not_before:
            # An exception here would only be one more failed fetch.
            self.violations.append("the backoff was not kept")
        self.fetched_at.append(now)
        document = {"keys": [KEYS[kid].public_jwk() for kid in sorted(self.published)]}
        mode = self.mode
        if mode == "hanging":
            try:
                await anyio.sleep_forever()
            finally:
                self.note_failure()
        await anyio.sleep(LATENCY)
        if mode == "healthy":
            self.failures, self.not_before = 0, -math.inf
            return FetchResponse(200, {}, json.dumps(document).encode())
        self.note_failure()
        return (
            FetchResponse(500, {}, b"") if mode == "failing" else FetchResponse(200, {}, b"<html>")
        )

    def note_failure(self) -> None:
        self.not_before = self.time.now + min(60, 2 ** min(self.failures, 6)) - 0.001
        self.failures += 1
        self.failed_at.append(self.time.now)

    def is_up(self, seconds: float) -> bool:
        """Whether the endpoint has been answering for this long."""
        return self.mode == "healthy" and self.time.now - self.healthy_since >= seconds

    # What may happen.

    @rule(seconds=pauses)
    def time_passes(self, seconds: float) -> None:
        self.runner.run(lambda: anyio.sleep(seconds))

    @initialize(mode=st.sampled_from(["healthy", "failing", "hanging"]))
    def begin(self, mode: str) -> None:
        self.mode = mode

    @rule(mode=st.sampled_from(["healthy", "healthy", "failing", "broken", "hanging"]))
    def the_endpoint_changes(self, mode: str) -> None:
        if mode == "healthy" != self.mode:
            self.healthy_since = self.time.now
        self.mode = mode

    @rule(kid=kids, after=st.one_of(st.just(0.0), pauses))
    def a_token_arrives(self, kid: str, after: float) -> None:
        self.runner.run(lambda: anyio.sleep(after))
        self.runner.run(lambda: self.request(kid))

    @rule(kid=kids)
    def a_key_is_published(self, kid: str) -> None:
        self.published.add(kid)

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data(), after=pauses)
    def a_key_is_removed_and_used_again(self, data: st.DataObject, after: float) -> None:
        kid = data.draw(st.sampled_from(sorted(self.published)))
        self.published.remove(kid)
        self.removed_at[kid] = self.time.now
        self.a_token_arrives(kid, after)

    @rule(number=st.integers(1, 20), waves=st.integers(1, 6))
    def strangers_come(self, number: int, waves: int) -> None:
        async def all_at_once() -> None:
            async with anyio.create_task_group() as tasks:
                for each in range(number):
                    tasks.start_soon(self.stranger, f"forged {self.time.now} {each}")

        before = len(self.fetched_at)
        for _ in range(waves):
            self.runner.run(all_at_once)
        # A refresh that a clock owes, the refetches of the burst, and one that fails on the way.
        assert len(self.fetched_at) - before <= 1 + 2 + 1

    # What must hold meanwhile.

    async def request(self, kid: str) -> None:
        start = self.time.now
        phase = self.keys.health().phase
        served = self.keys._cached.value
        at_hand = served is not None and kid in served.key_ids
        try:
            await self.keys.find(kid, "ES256", lambda: None)
        except InvalidToken:
            self.check_refused(kid, start)
        except KeySetUnavailable:
            assert phase in {Phase.EMPTY, Phase.EXPIRED}, "503 though there were keys to use"
            assert not self.is_up(MEMORY_OF_FAILURE), "503 while the endpoint answers"
        else:
            self.check_accepted(kid)
        waited = self.time.now - start
        assert waited <= TIMEOUT * 2 + 0.1, "the deadline was not kept"
        if at_hand and phase in {Phase.FRESH, Phase.DUE}:
            assert waited == 0, "a request waited though its key was at hand"
        if at_hand and phase is Phase.STALE and kid in self.published:
            assert waited <= MAX_WAIT + 0.001, "a request waited longer than max_wait"

    def check_accepted(self, kid: str) -> None:
        now = self.time.now
        if kid not in self.published:
            removed_for = now - self.removed_at[kid]
            assert removed_for < MAX_AGE + MAX_STALE, "a removed key was trusted for too long"
            if self.is_up(MAX_AGE):
                assert removed_for < MAX_AGE + LATENCY, "a removed key outlived max_age"

    def check_refused(self, kid: str, start: float) -> None:
        health = self.keys.health()
        looked_lately = any(start - MAX_AGE <= at for at in self.fetched_at)
        if kid in self.published and self.is_up(MEMORY_OF_FAILURE):
            assert looked_lately or health.refetch_budget < 1, "a new key was not looked for"

    async def stranger(self, kid: str) -> None:
        try:
            await self.keys.find(kid, "ES256", lambda: None)
        except (InvalidToken, KeySetUnavailable):
            return
        raise AssertionError("a key was found that nobody published")

    @invariant()
    def fetches_stay_within_clocks_budget_and_backoff(self) -> None:
        now = self.time.now
        assert not self.violations
        if not any(at > now - 36 for at in self.failed_at):
            assert sum(1 for at in self.fetched_at if at > now - 30) <= 1 + 3
        for window in (60.0, 600.0, 6000.0):
            fetches = sum(1 for at in self.fetched_at if at > now - window)
            # By the clocks one in three quarters of max_age, by the budget two and one in 30 s;
            # each phase of failure adds its backoff, the retries of which shrink to one a minute.
            clocks = 1 + window / (0.75 * MAX_AGE)
            budget = 2 + window / 30
            backoff = 8 + window / 60
            assert fetches <= clocks + budget + backoff

    @invariant()
    def nothing_is_served_beyond_its_bound(self) -> None:
        health = self.keys.health()
        if health.age is not None and health.age >= MAX_AGE + MAX_STALE:
            assert health.phase is Phase.EXPIRED

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.keys._search.sought) <= 1024

    def teardown(self) -> None:
        self.runner.run(self.converge)
        self.runner.close()

    async def converge(self) -> None:
        """Whatever happened: when the endpoint is well, all is well soon after."""
        self.mode = "healthy"
        await anyio.sleep(TIMEOUT + 61)
        self.keys.at_hand()
        await anyio.sleep(TIMEOUT + 61)
        for kid in self.published:
            await self.keys.find(kid, "ES256", lambda: None)
            await anyio.sleep(31)
        await self.keys.aclose()


@model_time_limit
def test_a_key_set_keeps_its_promises_whatever_happens() -> None:
    """F2, F3, F5, F6, F7, F10."""
    run_model(KeySet, examples=60, steps=50)
