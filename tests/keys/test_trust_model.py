"""The model of trust in keys, as a state machine that drives the real RemoteJWKSet.

One key set serves two event loops, which run by turns, so that a fetch of one may end long after a
later one of the other. The machine is suspended, its clocks are set, the process is restarted from
its snapshot; the endpoints fail, hang and lie behind a cache, and the issuer moves its keys to
another URL. An oracle that knows only what was published when and where, and what an operator said,
judges each acceptance and each refusal.
"""

import asyncio
import json
import math
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import anyio
import anyio.lowlevel
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from tests.support.jumping_runners import new_runner
from tests.support.jumping_time import JumpingTime
from tests.support.models import model_time_limit, run_model

from asgi_jwks.caching.clocks import ElapsedClock
from asgi_jwks.errors import InvalidToken, KeySetUnavailable
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import SigningKey

ISSUER: Final = "https://issuer.example/"

MAX_AGE: Final = 600.0
MAX_STALE: Final = 3600.0
BURST: Final = 2
INTERVAL: Final = 30.0
LATENCY: Final = 0.2
TIMEOUT: Final = 5.0
# A cache on the way shows a document for so long.
CDN_LIFETIME: Final = 20.0
# The longest backoff and its deadline; failures of longer ago forbid no fetch.
LONGEST_BACKOFF: Final = 61.0
# What clocks may overlook, and the time that rules take by themselves.
SLACK: Final = 1.0
# A request may wait for a fetch in progress and for one of its own; trust may end meanwhile.
LONGEST_REQUEST: Final = 2 * TIMEOUT + SLACK


# The metadata serves as keys do, and a fetch that began with its word may still be on its way.
LONGEST_TRUST_IN_A_PLACE: Final = MAX_AGE + MAX_STALE + TIMEOUT + SLACK


class Material(NamedTuple):
    """One key pair under its key id; two of them share each id."""

    kid: str
    number: int


KEYS: Final = {
    Material(kid, number): SigningKey.generate("ES256", kid=kid)
    for kid in ("one", "two", "three")
    for number in (1, 2)
}
THUMBPRINTS: Final = {
    material: JWKSet.parse({"keys": [key.public_jwk()]}).keys[0].thumbprint
    for material, key in KEYS.items()
}

materials: Final = st.sampled_from(sorted(KEYS))
loops: Final = st.sampled_from([0, 1])
modes: Final = st.sampled_from(
    ["healthy", "healthy", "healthy", "failing", "hanging", "crashing", "cancelling"]
)
pauses: Final = st.one_of(
    st.floats(0.01, 20), st.floats(20, 5000), st.sampled_from([0.1, 1.5, 29, 31, 125, 515, 605])
)


class Trust(RuleBasedStateMachine):
    """The key set, its endpoints, its machine, and the truth about them."""

    def __init__(self, directory: Path, backends: tuple[str, str]) -> None:
        super().__init__()
        self.time = JumpingTime()
        self.suspended = 0.0
        self.wall_set_by = self.wall_set_forward = 0.0
        self.has_boot_time = True
        self.runners = [new_runner(backend, self.time) for backend in backends]
        handle, name = tempfile.mkstemp(dir=directory)
        os.close(handle)
        self.path = Path(name)
        self.path.unlink()
        # The endpoints.
        self.mode = self.metadata_mode = "healthy"
        self.place = 0
        self.moved_at = -math.inf
        # What is left at each place that the issuer has given up; nothing answers where it is None.
        self.left: dict[int, frozenset[Material] | None] = {}
        # The places that nobody may ask, since a refresh has found out that they are given up.
        self.shut: set[int] = set()
        self.violations: list[str] = []
        self.has_cdn = False
        self.published = {Material(kid, 1) for kid in ("one", "two")}
        self.cdn: tuple[float, frozenset[Material]] = (-math.inf, frozenset())
        # What happened, in monotonic seconds where time is not said to be true.
        self.published_at = dict.fromkeys(KEYS, -math.inf)
        self.unwell_at = -math.inf
        self.fetches = self.metadata_fetches = 0
        self.forced = self.starts = self.outages = 0
        self.began_at = self.time.now
        # Of each material, the true time of the last fetch that brought it, and the wall clock's.
        self.brought = dict.fromkeys(KEYS, (-math.inf, -math.inf))
        self.is_gone = dict.fromkeys(KEYS, False)
        self.usable_until = -math.inf
        self.distrusted: set[tuple[str, str]] = set()

    # The machine.

    @property
    def true_now(self) -> float:
        return self.time.now + self.suspended

    @property
    def wall(self) -> float:
        return 1_700_000_000.0 + self.true_now + self.wall_set_by

    def clock(self) -> ElapsedClock:
        return ElapsedClock(
            monotonic=lambda: self.time.now,
            boot_time=lambda: self.true_now if self.has_boot_time else self.time.now,
            wall=lambda: self.wall,
        )

    @initialize(has_boot_time=st.booleans(), has_cdn=st.booleans())
    def start(self, has_boot_time: bool, has_cdn: bool) -> None:
        self.has_boot_time, self.has_cdn = has_boot_time, has_cdn
        self.keys = self.new_key_set()

    def new_key_set(self) -> RemoteJWKSet:
        self.starts += 1
        return RemoteJWKSet(
            issuer=ISSUER,
            fetch=self.fetch,
            snapshot=self.path,
            listener=lambda event: None,
            clock=self.clock(),
        )

    @rule(seconds=pauses, loop=loops)
    def time_passes(self, seconds: float, loop: int) -> None:
        self.runners[loop].run(lambda: anyio.sleep(seconds))

    @rule(seconds=st.one_of(st.floats(1, 10_000), st.just(86_400.0)))
    def the_machine_is_suspended(self, seconds: float) -> None:
        self.suspended += seconds

    @rule(seconds=st.floats(-10_000, 10_000))
    def the_wall_clock_is_set(self, seconds: float) -> None:
        # Without a boot-time clock, a clock that is set back hides a suspension.
        seconds = seconds if self.has_boot_time else abs(seconds)
        self.wall_set_by += seconds
        # A clock that is set forward looks like a suspension: trust ends by it.
        self.wall_set_forward += max(0.0, seconds)
        self.usable_until -= max(0.0, seconds)

    @rule()
    def the_process_is_restarted(self) -> None:
        for runner in self.runners:
            runner.run(self.keys.aclose)
        self.keys = self.new_key_set()
        self.usable_until = -math.inf
        # The age of a restored set is the wall clock's word.
        for material, (at, wall_at) in self.brought.items():
            shown = self.true_now - max(0.0, self.wall - wall_at)
            self.brought[material] = (max(at, shown), wall_at)

    # The endpoints.

    async def fetch(self, url: str, headers: Mapping[str, str]) -> FetchResponse:
        if "/.well-known/" in url:
            return await self.fetch_metadata()
        self.fetches += 1
        began, wall, place = self.true_now, self.wall, int(url.rpartition("/")[2])
        shown = self.shown(place, must_revalidate="cache-control" in headers)
        if place in self.shut:
            self.violations.append("a place was asked that the issuer had given up")
        if place != self.place and self.time.now - self.moved_at > LONGEST_TRUST_IN_A_PLACE:
            self.violations.append("a place was asked on the word of metadata that had expired")
        if shown is None:
            return FetchResponse(410, {}, b"")
        if not await self.answers(self.mode):
            return FetchResponse(500, {}, b"")
        for material in shown:
            self.brought[material] = max(self.brought[material], (began, wall))
        document = {"keys": [KEYS[material].public_jwk() for material in sorted(shown)]}
        return FetchResponse(200, {}, json.dumps(document).encode())

    async def fetch_metadata(self) -> FetchResponse:
        self.metadata_fetches += 1
        metadata = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}keys/{self.place}"}
        if not await self.answers(self.metadata_mode):
            return FetchResponse(500, {}, b"")
        return FetchResponse(200, {}, json.dumps(metadata).encode())

    async def answers(self, mode: str) -> bool:
        """Whether an endpoint in this state has an answer, after a while."""
        if mode == "hanging":
            self.unwell_at = self.time.now + TIMEOUT
            await anyio.sleep_forever()
        await anyio.sleep(LATENCY)
        if mode != "healthy":
            self.unwell_at = self.time.now
        if mode == "cancelling" and anyio.get_cancelled_exc_class() is asyncio.CancelledError:
            # As a client on asyncio may; trio's Cancelled cannot be made by hand.
            raise asyncio.CancelledError
        if mode in {"cancelling", "crashing"}:
            raise ZeroDivisionError
        return mode == "healthy"

    def shown(self, place: int, *, must_revalidate: bool) -> frozenset[Material] | None:
        if place != self.place:
            return self.left[place]
        at, document = self.cdn
        if must_revalidate or not self.has_cdn or self.true_now - at >= CDN_LIFETIME:
            document = frozenset(self.published)
            self.cdn = (self.true_now, document)
        return document

    @property
    def is_well(self) -> bool:
        return self.mode == self.metadata_mode == "healthy"

    @rule(mode=modes)
    def the_endpoint_changes(self, mode: str) -> None:
        self.note_outage(mode != self.mode)
        self.mode = mode

    @rule(mode=modes)
    def the_metadata_endpoint_changes(self, mode: str) -> None:
        self.note_outage(mode != self.metadata_mode)
        self.metadata_mode = mode

    def note_outage(self, is_another: bool) -> None:
        self.outages += is_another
        if not self.is_well:
            self.unwell_at = max(self.unwell_at, self.time.now)

    @rule(answers=st.booleans())
    def the_issuer_moves_its_keys(self, answers: bool) -> None:
        """At the old place is a thief with all keys that there are, or nobody."""
        self.left[self.place] = frozenset(KEYS) if answers else None
        if answers:
            # Until the new place is known, the old one is believed.
            self.is_gone = dict.fromkeys(KEYS, False)
        self.place += 1
        self.cdn = (-math.inf, frozenset())
        self.moved_at = self.time.now

    @rule(material=materials)
    def a_key_is_published(self, material: Material) -> None:
        self.published = {
            each for each in self.published if each.kid != material.kid or each == material
        }
        if material not in self.published:
            self.published.add(material)
            self.published_at[material] = self.time.now
            self.is_gone[material] = False

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data())
    def a_key_is_removed(self, data: st.DataObject) -> None:
        self.published.remove(data.draw(st.sampled_from(sorted(self.published))))

    # Requests.

    @rule(material=materials, loop=loops)
    def a_token_arrives(self, material: Material, loop: int) -> None:
        may_be_refused = self.may_be_refused(material, loop)
        before = self.true_now
        try:
            is_accepted = self.runners[loop].run(lambda: self.is_accepted(material))
        except KeySetUnavailable:
            assert before >= self.usable_until - LONGEST_REQUEST, (
                "503 though there were keys to use"
            )
            return
        if is_accepted:
            self.check_accepted(material, before)
        else:
            assert may_be_refused, "a published key was refused though the budget held a fetch"

    async def is_accepted(self, material: Material) -> bool:
        """What a verifier does with a token that this material signed."""
        try:
            key = await self.keys.find(material.kid, "ES256", lambda: None)
        except InvalidToken:
            return False
        newer = None
        if key.thumbprint != THUMBPRINTS[material] and self.keys.can_replace(key):
            newer = await self.keys.replacement_for(key, "ES256")
        return (newer or key).thumbprint == THUMBPRINTS[material]

    def check_accepted(self, material: Material, before: float) -> None:
        assert not self.is_distrusted(material), "a distrusted key was accepted"
        assert not self.is_gone[material], "a key was accepted after a refresh since its removal"
        at, _ = self.brought[material]
        assert before - at <= MAX_AGE + MAX_STALE + SLACK, "a key was trusted for too long"

    def may_be_refused(self, material: Material, loop: int) -> bool:
        shown_for = self.time.now - self.published_at[material]
        if material not in self.published or self.is_distrusted(material):
            return True
        if any(self.is_distrusted(each) for each in KEYS if each.kid == material.kid):
            # No token that names a distrusted key costs a fetch, though the issuer may have
            # published other material under its id: the schedule finds that.
            return True
        if shown_for < INTERVAL + (CDN_LIFETIME if self.has_cdn else 0.0) + SLACK:
            return True
        if not self.is_well or self.time.now - self.unwell_at < LONGEST_BACKOFF:
            return True
        if self.place and self.place - 1 not in self.shut:
            # The schedule of the metadata finds the new place, or the silence of the old one.
            return True
        # A fetch that the other loop left unfinished is late when its own loop goes on.
        is_pending = self.runners[loop].run(self.is_refreshing)
        return is_pending or self.keys.health().refetch_budget < 1

    async def is_refreshing(self) -> bool:
        return self.keys._keys.is_refreshing()

    @rule(number=st.integers(1, 20), loop=loops)
    def strangers_come(self, number: int, loop: int) -> None:
        """Their tokens name keys that nobody has: 401, or 503 where there are no keys."""
        is_usable = self.true_now < self.usable_until - LONGEST_REQUEST

        async def stranger(kid: str) -> None:
            try:
                await self.keys.find(kid, "ES256", lambda: None)
            except InvalidToken:
                return
            except KeySetUnavailable:
                assert not is_usable, "a token's content made a 503"
                return
            raise AssertionError("a key was found that nobody published")

        async def all_at_once() -> None:
            async with anyio.create_task_group() as tasks:
                for each in range(number):
                    tasks.start_soon(stranger, f"forged {self.fetches} {each}")

        self.runners[loop].run(all_at_once)

    @rule(loop=loops)
    def a_request_starts_what_is_due(self, loop: int) -> None:
        async def look() -> None:
            self.keys.at_hand()
            # The fetch has begun, and goes on when this loop runs again.
            for _ in range(3):
                await anyio.lowlevel.checkpoint()

        self.runners[loop].run(look)

    @rule(loop=loops)
    def a_loop_leaves_its_fetch(self, loop: int) -> None:
        """As a server does when it stops; whatever needs the keys next starts over."""
        self.forced += 1
        self.runners[loop].run(self.keys.aclose)
        assert not self.runners[loop].run(self.is_refreshing)

    @rule(loop=loops, number=st.integers(2, 20))
    def an_operator_refreshes_many_times_at_once(self, loop: int, number: int) -> None:
        """All that are called during one fetch share the next one."""
        self.forced += 2
        fetches = self.fetches

        async def refresh() -> None:
            with suppress(KeySetUnavailable):
                await self.keys.refresh()

        async def all_at_once() -> None:
            async with anyio.create_task_group() as tasks:
                for _ in range(number):
                    tasks.start_soon(refresh)

        self.runners[loop].run(all_at_once)
        # A fetch that was in progress, and one that began after the calls; each may be repeated.
        assert self.fetches - fetches <= 4

    @rule(loop=loops)
    def the_set_is_marked_due(self, loop: int) -> None:
        self.forced += 1
        self.keys._cached.mark_due()
        self.a_request_starts_what_is_due(loop)

    # Stories that hypothesis would seldom find by itself.

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data(), fetching=loops, refreshing=loops, restarts=st.booleans())
    def a_key_is_removed_while_a_fetch_is_in_progress(
        self, data: st.DataObject, fetching: int, refreshing: int, restarts: bool
    ) -> None:
        """The fetch brings it, and ends before or after a refresh that the operator asks for."""
        removed = data.draw(st.sampled_from(sorted(self.published)))
        self.the_set_is_marked_due(fetching)
        self.published.remove(removed)
        self.an_operator_refreshes(refreshing)
        self.time_passes(2 * LATENCY, fetching)
        if restarts:
            self.the_process_is_restarted()
        self.a_token_arrives(removed, fetching)

    @rule(material=materials, loop=loops, again=st.integers(1, 3))
    def a_key_is_sought_before_it_is_published(
        self, material: Material, loop: int, again: int
    ) -> None:
        self.a_token_arrives(material, loop)
        self.a_key_is_published(material)
        for _ in range(again):
            self.time_passes(INTERVAL + CDN_LIFETIME + 2 * SLACK, loop)
            self.a_token_arrives(material, loop)

    @rule(material=materials, loop=loops)
    def an_outage_outlasts_the_trust(self, material: Material, loop: int) -> None:
        self.the_endpoint_changes("failing")
        self.time_passes(MAX_AGE + MAX_STALE + 2 * SLACK, loop)
        self.a_token_arrives(material, loop)

    # The operator.

    @rule(loop=loops)
    def an_operator_refreshes(self, loop: int) -> None:
        self.forced += 2
        began = self.true_now
        removed = [material for material in KEYS if material not in self.published]
        failure = ""
        try:
            self.runners[loop].run(self.keys.refresh)
        except KeySetUnavailable as error:
            failure = f"a refresh failed though the endpoints answer: {error}"
        if failure:
            assert not self.is_well, failure
        else:
            self.shut.update(range(self.place))
            self.usable_until = max(self.usable_until, began + MAX_AGE + MAX_STALE)
            for material in removed:
                self.is_gone[material] = True

    def is_distrusted(self, material: Material) -> bool:
        names = {("kid", material.kid), ("thumbprint", THUMBPRINTS[material])}
        return not self.distrusted.isdisjoint(names)

    @rule(material=materials, kind=st.sampled_from(["kid", "thumbprint"]))
    def an_operator_distrusts_a_key(self, material: Material, kind: str) -> None:
        name = material.kid if kind == "kid" else THUMBPRINTS[material]
        self.keys.distrust(**{kind: name})
        self.distrusted.add((kind, name))

    @precondition(lambda self: bool(self.distrusted))
    @rule(data=st.data())
    def an_operator_trusts_a_key_again(self, data: st.DataObject) -> None:
        kind, name = data.draw(st.sampled_from(sorted(self.distrusted)))
        self.keys.trust_again(**{kind: name})
        self.distrusted.remove((kind, name))

    # What holds at all times.

    @invariant()
    def the_set_at_hand_has_no_distrusted_key(self) -> None:
        trusted = self.keys._cached.value if self.starts else None
        held = set() if trusted is None else {key.thumbprint for key in trusted.keys}
        for material in KEYS:
            if THUMBPRINTS[material] in held:
                assert not self.is_distrusted(material)

    @invariant()
    def fetches_stay_within_schedule_budget_and_backoff(self) -> None:
        passed = self.time.now - self.began_at
        schedule = self.starts + (passed + self.suspended + abs(self.wall_set_by)) / (
            0.75 * MAX_AGE
        )
        budget = BURST * self.starts + passed / INTERVAL
        # Each outage begins with short pauses; an attempt may be repeated once.
        backoff = 2 * (self.outages + self.starts) * 8 + passed / 45
        most = self.forced * 2 + 2 * (schedule + budget + backoff)
        assert self.fetches <= most
        # Each of them may have found that the metadata is due, which is tried at two URLs.
        assert self.metadata_fetches <= 2 * most

    @invariant()
    def nobody_asks_where_the_keys_are_no_longer(self) -> None:
        assert not self.violations

    def teardown(self) -> None:
        """Whatever happened: when the endpoint is well, each trusted key is accepted again."""
        try:
            if self.starts:
                self.recover()
        finally:
            self.close()

    def recover(self) -> None:
        self.mode = self.metadata_mode = "healthy"
        loop = self.runners[0]
        loop.run(lambda: anyio.sleep(TIMEOUT + LONGEST_BACKOFF + CDN_LIFETIME))
        loop.run(self.keys.refresh)
        loop.run(lambda: anyio.sleep(INTERVAL * BURST))
        for material in sorted(self.published):
            accepted = loop.run(partial(self.is_accepted, material))
            assert accepted is not self.is_distrusted(material)

    def close(self) -> None:
        for runner in self.runners:
            if self.starts:
                runner.run(self.keys.aclose)
            runner.close()


@model_time_limit
@pytest.mark.parametrize(
    ("backends", "examples"),
    [(("asyncio", "asyncio"), 40), (("trio", "trio"), 20), (("asyncio", "trio"), 20)],
    ids=["asyncio", "trio", "both"],
)
def test_the_model_of_trust_holds_whatever_happens(
    tmp_path: Path, inline_disk: None, backends: tuple[str, str], examples: int
) -> None:
    """F3, F4, F5, F6, F12, F15, F16, F17, F18, B8."""

    class TrustHere(Trust):
        def __init__(self) -> None:
            super().__init__(tmp_path, backends)

    run_model(TrustHere, examples=examples, steps=40)
