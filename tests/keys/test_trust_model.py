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
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

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
from asgi_jwks.keys.location import DiscoveredURL
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import SigningKey

T = TypeVar("T")

ISSUER: Final = "https://issuer.example/"

MAX_AGE: Final = 600.0
MAX_STALE: Final = 3600.0
MAX_WAIT: Final = 1.0
# The latest moment at which a set is refreshed before it is stale.
REFRESH_AHEAD: Final = 0.85 * MAX_AGE
BURST: Final = 2
INTERVAL: Final = 30.0
LATENCY: Final = 0.2
TIMEOUT: Final = 5.0
# A cache on the way shows a document for so long.
CDN_LIFETIME: Final = 20.0
# The longest backoff and its deadline; failures of longer ago forbid no fetch.
LONGEST_BACKOFF: Final = 61.0
# For so long after them, a request does not wait for an endpoint that failed.
RECENTLY: Final = LONGEST_BACKOFF + 60.0
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


Document = tuple[int, frozenset[Material]]
"""The number of a document at its place, which is its entity tag, and the keys in it."""

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
        self.left: dict[int, Document | None] = {}
        # The places that nobody may ask, since a refresh has found out that they are given up.
        self.shut: set[int] = set()
        self.violations: list[str] = []
        self.has_cdn = False
        self.published = {Material(kid, 1) for kid in ("one", "two")}
        self.cdn: tuple[float, Document] = (-math.inf, (0, frozenset()))
        # What happened, in monotonic seconds where time is not said to be true.
        self.published_at = dict.fromkeys(KEYS, -math.inf)
        self.unwell_at = -math.inf
        # When the place that is given up was asked in vain, first and last.
        self.silence_at, self.silent_at = math.inf, -math.inf
        self.fetches = self.metadata_fetches = self.successes = 0
        # The least that the budget may hold, since each fetch is charged here, and when it was so.
        self.held, self.held_at = float(BURST), self.time.now
        self.succeeded_at = self.left_at = -math.inf
        self.forced = self.starts = self.outages = 0
        self.began_at = self.time.now
        # Of each material, the true time of the last fetch that brought it, and the wall clock's.
        self.brought = dict.fromkeys(KEYS, (-math.inf, -math.inf))
        self.is_gone = dict.fromkeys(KEYS, False)
        self.usable_until = -math.inf
        # The documents that the issuer has published at its present place are numbered.
        self.number = 0
        # When an operator's refresh brought the keys that the issuer published then.
        self.refreshed_at = -math.inf
        self.distrusted: set[tuple[str, str]] = set()

    def run(self, loop: int, work: Callable[[], Awaitable[T]]) -> T:
        failed = self.keys.health().failed_fetches
        try:
            return self.runners[loop].run(work)
        finally:
            if self.keys.health().failed_fetches > failed:
                # A fetch that stood still with its loop is late when its loop goes on.
                self.unwell_at = max(self.unwell_at, self.time.now)

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
        self.run(loop, lambda: anyio.sleep(seconds))

    @rule(seconds=st.one_of(st.floats(1, 10_000), st.just(86_400.0)), shows=st.booleans())
    def the_machine_is_suspended(self, seconds: float, shows: bool = True) -> None:
        """The wall clock of a virtual machine may stand still as well."""
        self.suspended += seconds
        if self.has_boot_time and not shows:
            self.wall_set_by -= seconds

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
        for loop in (0, 1):
            self.run(loop, self.keys.aclose)
        self.keys = self.new_key_set()
        self.held, self.held_at = float(BURST), self.time.now
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
        charged = self.charge(1)
        began, wall, place = self.true_now, self.wall, int(url.rpartition("/")[2])
        shown = self.shown(place, must_revalidate="cache-control" in headers)
        if place in self.shut:
            self.violations.append("a place was asked that the issuer had given up")
        if place != self.place and self.time.now - self.moved_at > LONGEST_TRUST_IN_A_PLACE:
            self.violations.append("a place was asked on the word of metadata that had expired")
        if shown is None:
            self.silence_at, self.silent_at = min(self.silence_at, self.time.now), self.time.now
            return FetchResponse(410, {}, b"")
        if not await self.answers(self.mode):
            if self.time.now - self.succeeded_at > TIMEOUT + SLACK:
                # Nothing that began later has ended before: what was paid is given back.
                self.held = min(float(BURST), self.held + charged)
            return FetchResponse(500, {}, b"")
        self.successes += 1
        self.succeeded_at = self.time.now
        number, materials_shown = shown
        for material in materials_shown:
            self.brought[material] = max(self.brought[material], (began, wall))
        tag = f'"{number}"'
        if headers.get("if-none-match") == tag:
            return FetchResponse(304, {"etag": tag}, b"")
        document = {"keys": [KEYS[material].public_jwk() for material in sorted(materials_shown)]}
        return FetchResponse(200, {"etag": tag}, json.dumps(document).encode())

    def charge(self, fetches: int) -> float:
        """How much of so many fetches the budget pays for, now."""
        passed, self.held_at = self.time.now - self.held_at, self.time.now
        refilled = min(float(BURST), self.held + passed / INTERVAL)
        self.held = max(0.0, refilled - fetches)
        return refilled - self.held

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

    def shown(self, place: int, *, must_revalidate: bool) -> Document | None:
        """The document at a place and its number, which it has at that place alone."""
        if place != self.place:
            return self.left[place]
        at, document = self.cdn
        if must_revalidate or not self.has_cdn or self.true_now - at >= CDN_LIFETIME:
            document = self.number, frozenset(self.published)
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
        self.left[self.place] = (self.number + 1, frozenset(KEYS)) if answers else None
        self.number, self.silence_at = 0, math.inf
        if answers:
            # Until the new place is known, the old one is believed.
            self.is_gone = dict.fromkeys(KEYS, False)
        self.place += 1
        self.cdn = (-math.inf, (0, frozenset()))
        self.moved_at = self.time.now

    @rule(material=materials)
    def a_key_is_published(self, material: Material) -> None:
        self.published = {
            each for each in self.published if each.kid != material.kid or each == material
        }
        self.number += 1
        if material not in self.published:
            self.published.add(material)
            self.published_at[material] = self.time.now
            self.is_gone[material] = False

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data())
    def a_key_is_removed(self, data: st.DataObject) -> None:
        self.remove(data.draw(st.sampled_from(sorted(self.published))))

    def remove(self, material: Material) -> None:
        self.published.remove(material)
        self.number += 1

    # Requests.

    @rule(material=materials, loop=loops)
    def a_token_arrives(self, material: Material, loop: int) -> None:
        pending = self.pending()
        may_be_refused = self.may_be_refused(material, is_pending=loop in pending, pending=pending)
        longest_trust = MAX_AGE if self.is_well_for_long and not pending else MAX_AGE + MAX_STALE
        longest_wait = MAX_WAIT if self.is_at_hand(material) else LONGEST_REQUEST
        before, began, fetches = self.true_now, self.time.now, self.fetches + self.metadata_fetches
        try:
            is_accepted = self.run(loop, lambda: self.is_accepted(material))
        except KeySetUnavailable:
            assert before >= self.usable_until - LONGEST_REQUEST, (
                "503 though there were keys to use"
            )
            return
        assert self.time.now - began <= longest_wait + SLACK, "a request waited for too long"
        if loop not in pending and ("kid", material.kid) in self.distrusted:
            asked = self.fetches + self.metadata_fetches - fetches
            assert not asked, "a token that names a distrusted key cost a fetch"
        if is_accepted:
            self.check_accepted(material, before, longest_trust)
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

    def check_accepted(self, material: Material, before: float, longest_trust: float) -> None:
        assert not self.is_distrusted(material), "a distrusted key was accepted"
        assert not self.is_gone[material], "a key was accepted after a refresh since its removal"
        at, _ = self.brought[material]
        assert before - at <= longest_trust + SLACK, "a key was trusted for too long"

    @property
    def is_well_for_long(self) -> bool:
        """Whether they answer, and no failure or fetch that was given up counts any more."""
        last = max(self.unwell_at, self.silent_at, self.left_at)
        return self.is_well and self.time.now - last > RECENTLY

    def is_at_hand(self, material: Material) -> bool:
        """Whether each document since an operator's refresh has this key, and no other such id."""
        return (
            material in self.published
            and self.published_at[material] <= self.refreshed_at
            and self.true_now < self.usable_until - LONGEST_REQUEST
            and self.shut.issuperset(range(self.place))
        )

    def pending(self) -> set[int]:
        """The loops that have a fetch in progress."""
        return {loop for loop in (0, 1) if self.run(loop, self.is_refreshing)}

    def may_be_refused(self, material: Material, *, is_pending: bool, pending: set[int]) -> bool:
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
        believed = [place for place in range(self.place) if place not in self.shut]
        if any(self.left[place] is not None for place in believed):
            # The schedule of the metadata finds the new place.
            return True
        if believed and self.time.now - self.silence_at < LONGEST_BACKOFF:
            # The silence of the old one does, once it is noticed.
            return True
        # A fetch that the other loop left unfinished is late when its own loop goes on, and may
        # have been paid before it is charged here.
        self.charge(0)
        return is_pending or self.held - len(pending) < 1

    async def is_refreshing(self) -> bool:
        return self.keys._keys.is_refreshing()

    @rule(number=st.integers(1, 20), loop=loops)
    def strangers_come(self, number: int, loop: int) -> None:
        """Their tokens name keys that nobody has: 401, or 503 where there are no keys."""

        async def all_at_once() -> None:
            async with anyio.create_task_group() as tasks:
                for each in range(number):
                    tasks.start_soon(self.stranger, f"forged {self.fetches} {each}")

        began = self.time.now
        self.run(loop, all_at_once)
        assert self.time.now - began <= LONGEST_REQUEST + SLACK, "a request waited for too long"

    async def stranger(self, kid: str) -> None:
        is_usable = self.true_now < self.usable_until - LONGEST_REQUEST
        try:
            await self.keys.find(kid, "ES256", lambda: None)
        except InvalidToken:
            return
        except KeySetUnavailable:
            assert not is_usable, "a token's content made a 503"
            return
        raise AssertionError("a key was found that nobody published")

    @rule(loop=loops)
    def a_request_starts_what_is_due(self, loop: int) -> None:
        async def look() -> None:
            asked = self.fetches + self.metadata_fetches
            self.keys.at_hand()
            # The fetch has begun, and goes on when this loop runs again.
            for _ in range(20):
                if self.fetches + self.metadata_fetches > asked:
                    break
                await anyio.lowlevel.checkpoint()

        self.run(loop, look)

    @rule(loop=loops, has_just_begun=st.booleans())
    def a_loop_leaves_its_fetch(self, loop: int, has_just_begun: bool) -> None:
        """As a server does when it stops; whatever needs the keys next starts over."""
        self.forced += 1

        async def leave() -> None:
            if has_just_begun:
                # It is cancelled before its first step.
                self.keys._cached.mark_due()
                self.keys.at_hand()
            await self.keys.aclose()

        self.left_at = self.time.now
        # A fetch that was paid may not have been seen here yet.
        self.charge(len(self.pending()))
        self.run(loop, leave)
        assert loop not in self.pending()
        assert not self.run(loop, self.is_refreshing_metadata)

    async def is_refreshing_metadata(self) -> bool:
        location = self.keys._location
        assert isinstance(location, DiscoveredURL)
        return location._kept_fresh.is_refreshing()

    @rule(loop=loops, number=st.integers(2, 20))
    def an_operator_refreshes_many_times_at_once(self, loop: int, number: int) -> None:
        """All that are called during one fetch share the next one."""
        self.forced += 2
        fetches = self.fetches

        async def all_at_once() -> None:
            async with anyio.create_task_group() as tasks:
                for _ in range(number):
                    tasks.start_soon(self.refreshed)

        self.run(loop, all_at_once)
        # A fetch that was in progress, and one that began after the calls; each may be repeated.
        assert self.fetches - fetches <= 4

    @rule(loop=loops)
    def the_set_is_marked_due(self, loop: int) -> None:
        self.forced += 1
        self.keys._cached.mark_due()
        self.a_request_starts_what_is_due(loop)

    # Stories that hypothesis would seldom find by itself.

    def the_endpoints_recover(self, loop: int) -> None:
        self.the_endpoint_changes("healthy")
        self.the_metadata_endpoint_changes("healthy")
        self.time_passes(RECENTLY + SLACK, loop)

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data(), fetching=loops, refreshing=loops, restarts=st.booleans())
    def a_key_is_removed_while_a_fetch_is_in_progress(
        self, data: st.DataObject, fetching: int, refreshing: int, restarts: bool
    ) -> None:
        """The fetch brings it, and ends before or after a refresh that the operator asks for."""
        removed = data.draw(st.sampled_from(sorted(self.published)))
        self.the_set_is_marked_due(fetching)
        self.remove(removed)
        self.an_operator_refreshes(refreshing)
        self.time_passes(2 * LATENCY, fetching)
        if restarts:
            self.the_process_is_restarted()
        self.a_token_arrives(removed, fetching)

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data(), loop=loops)
    def a_key_is_removed_while_an_operator_refreshes(self, data: st.DataObject, loop: int) -> None:
        """The operator does so again: the second refresh does not share the first."""
        removed = data.draw(st.sampled_from(sorted(self.published)))
        self.forced += 4

        async def twice() -> None:
            async with anyio.create_task_group() as tasks:
                fetches = self.fetches
                tasks.start_soon(self.refreshed)
                # Its metadata may not come.
                for _ in range(10):
                    if self.fetches > fetches:
                        break
                    await anyio.sleep(LATENCY / 3)
                self.remove(removed)
                await self.refreshed()

        self.the_endpoints_recover(loop)
        self.run(loop, twice)
        self.a_token_arrives(removed, loop)

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data(), loop=loops)
    def a_key_is_removed_while_a_stranger_waits(self, data: st.DataObject, loop: int) -> None:
        """The stranger's fetch begins before the operator's, and a cache may answer it."""
        removed = data.draw(st.sampled_from(sorted(self.published)))
        self.the_endpoints_recover(loop)
        self.the_set_is_marked_due(loop)
        self.forced += 2

        async def both() -> None:
            async with anyio.create_task_group() as tasks:
                # The fetch in progress began before the stranger came, and will not do.
                await anyio.sleep(LATENCY / 4)
                tasks.start_soon(self.stranger, f"forged {self.fetches} first")
                await anyio.lowlevel.checkpoint()
                self.remove(removed)
                await self.refreshed()

        self.run(loop, both)
        self.a_token_arrives(removed, loop)

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data(), loop=loops)
    def two_places_number_their_documents_alike(self, data: st.DataObject, loop: int) -> None:
        """An entity tag is true of one URL alone."""
        removed = data.draw(st.sampled_from(sorted(self.published)))
        self.the_endpoints_recover(loop)
        self.an_operator_refreshes(loop)
        number = self.number
        self.the_issuer_moves_its_keys(answers=False)
        self.remove(removed)
        self.number = number
        self.an_operator_refreshes(loop)
        self.a_token_arrives(removed, loop)

    @rule(loop=loops, seconds=st.sampled_from([MAX_AGE, MAX_AGE + MAX_STALE, 86_400.0]))
    def the_machine_is_suspended_during_a_fetch(self, loop: int, seconds: float) -> None:
        """The document is as old as the suspension when it arrives."""
        self.the_endpoints_recover(loop)
        self.the_set_is_marked_due(loop)
        self.the_machine_is_suspended(seconds)
        self.time_passes(2 * LATENCY, loop)
        for material in sorted(self.published):
            self.a_token_arrives(material, loop)

    @rule(material=materials, loop=loops, again=st.integers(1, 3))
    def the_issuer_gives_a_place_up(self, material: Material, loop: int, again: int) -> None:
        """Whoever asks there in vain asks next where the keys are now."""
        self.the_endpoints_recover(loop)
        self.the_issuer_moves_its_keys(answers=False)
        self.a_key_is_published(material)
        self.a_token_arrives(material, loop)
        for _ in range(again):
            self.time_passes(LONGEST_BACKOFF + CDN_LIFETIME, loop)
            self.a_token_arrives(material, loop)

    @rule(material=materials, loop=loops, failures=st.integers(1, 8))
    def a_key_is_published_during_an_outage(
        self, material: Material, loop: int, failures: int
    ) -> None:
        self.the_endpoint_changes("failing")
        self.a_key_is_published(material)
        for _ in range(failures):
            self.a_token_arrives(material, loop)
            self.time_passes(LONGEST_BACKOFF, loop)
        self.the_endpoint_changes("healthy")
        self.time_passes(LONGEST_BACKOFF + CDN_LIFETIME, loop)
        self.a_token_arrives(material, loop)

    @rule(loop=loops)
    def a_set_is_refreshed_before_it_is_stale(self, loop: int) -> None:
        self.the_endpoints_recover(loop)
        refreshed = self.refreshed_at
        self.an_operator_refreshes(loop)
        if self.refreshed_at > refreshed:
            self.time_passes(REFRESH_AHEAD + SLACK, loop)
            asked = self.fetches + self.metadata_fetches
            self.a_request_starts_what_is_due(loop)
            assert self.fetches + self.metadata_fetches > asked, "no refresh was due"

    @rule(material=materials, loop=loops, again=st.integers(1, 3))
    def a_key_is_sought_before_it_is_published(
        self, material: Material, loop: int, again: int
    ) -> None:
        self.a_token_arrives(material, loop)
        self.a_key_is_published(material)
        for _ in range(again):
            self.time_passes(INTERVAL + CDN_LIFETIME + 2 * SLACK, loop)
            self.a_token_arrives(material, loop)

    @rule(
        material=materials,
        loop=loops,
        mode=st.sampled_from(["failing", "hanging"]),
        meanwhile=st.sampled_from(
            ["nothing", "a suspension", "one that no wall clock shows", "restarts", "requests"]
        ),
    )
    def an_outage_outlasts_the_trust(
        self, material: Material, loop: int, mode: str, meanwhile: str
    ) -> None:
        """In two parts, of which each by itself is shorter than the trust."""
        self.the_endpoint_changes(mode)
        for _ in range(2):
            half = (MAX_AGE + MAX_STALE) / 2 + SLACK
            if meanwhile in {"a suspension", "one that no wall clock shows"}:
                self.the_machine_is_suspended(half, shows=meanwhile == "a suspension")
            else:
                self.time_passes(half, loop)
            if meanwhile == "restarts":
                self.the_process_is_restarted()
            if meanwhile == "requests":
                self.a_token_arrives(material, loop)
        self.a_token_arrives(material, loop)

    @rule(
        loop=loops,
        number=st.integers(2, 20),
        mode=st.sampled_from(["failing", "crashing", "cancelling"]),
    )
    def strangers_come_during_an_outage(self, loop: int, number: int, mode: str) -> None:
        """One after the other: the pauses between fetches grow."""
        self.the_endpoint_changes(mode)
        asked, began = self.fetches, self.time.now
        for _ in range(number):
            self.strangers_come(1, loop)
        # The first pause may have been over, a fetch was in progress, and the first is repeated.
        assert self.fetches - asked <= 4 + math.log2(1 + self.time.now - began)

    @rule(loop=loops, number=st.integers(2, 20), pause=st.sampled_from([1.0, 10.0, 31.0]))
    def strangers_come_again_and_again(self, loop: int, number: int, pause: float) -> None:
        successes, began = self.successes, self.time.now
        for _ in range(number):
            self.strangers_come(1, loop)
            self.time_passes(pause, loop)
        passed = self.time.now - began
        # One was in progress, and some were due anyway.
        most = BURST + passed / INTERVAL + 2 + passed / (0.75 * MAX_AGE)
        assert self.successes - successes <= most, "strangers cost more than the budget"

    @rule(loop=loops)
    def strangers_spend_the_budget(self, loop: int) -> None:
        """The fetch that was refused is made when the budget pays for it, whoever comes then."""
        self.the_endpoints_recover(loop)
        refreshed = self.refreshed_at
        self.an_operator_refreshes(loop)
        for _ in range(BURST + 1):
            self.strangers_come(1, loop)
        self.time_passes(INTERVAL + SLACK, loop)
        asked = self.fetches + self.metadata_fetches
        self.a_request_starts_what_is_due(loop)
        if self.refreshed_at > refreshed:
            assert self.fetches + self.metadata_fetches > asked, "the refused fetch was forgotten"

    @rule(loop=loops, number=st.integers(1, 5))
    def a_stranger_comes_again_at_once(self, loop: int, number: int) -> None:
        """A fetch that began after the first time has given the answer."""
        self.the_endpoints_recover(loop)
        self.charge(0)
        pending = self.pending()
        may_ask = self.is_well_for_long and self.held - len(pending) >= 1 and not pending
        kid = f"forged {self.fetches} again"
        self.run(loop, lambda: self.stranger(kid))
        asked = self.fetches
        for _ in range(number):
            self.run(loop, lambda: self.stranger(kid))
        if may_ask:
            assert self.fetches == asked, "a key id was sought twice within the interval"

    # The operator.

    @rule(loop=loops)
    def an_operator_refreshes(self, loop: int) -> None:
        self.forced += 2
        self.run(loop, self.refreshed)

    async def refreshed(self) -> None:
        began, asked_at = self.true_now, self.time.now
        removed = [material for material in KEYS if material not in self.published]
        failure = ""
        try:
            await self.keys.refresh()
        except KeySetUnavailable as error:
            failure = f"a refresh failed though the endpoints answer: {error}"
        if failure:
            assert not self.is_well, failure
        else:
            self.shut.update(range(self.place))
            self.usable_until = max(self.usable_until, began + MAX_AGE + MAX_STALE)
            self.refreshed_at = max(self.refreshed_at, asked_at)
            for material in removed:
                self.is_gone[material] = True

    def is_distrusted(self, material: Material) -> bool:
        names = {("kid", material.kid), ("thumbprint", THUMBPRINTS[material])}
        return not self.distrusted.isdisjoint(names)

    @rule(
        material=materials,
        kind=st.sampled_from(["kid", "thumbprint"]),
        loop=loops,
        restarts=st.booleans(),
    )
    def an_operator_distrusts_a_key(
        self, material: Material, kind: str, loop: int, restarts: bool
    ) -> None:
        name = material.kid if kind == "kid" else THUMBPRINTS[material]
        self.keys.distrust(**{kind: name})
        self.distrusted.add((kind, name))
        if restarts:
            self.the_process_is_restarted()
        self.a_token_arrives(material, loop)

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
        # What succeeds was not repeated, and follows no backoff; a loop does not see another's.
        assert self.successes <= self.forced * 2 + 2 * schedule + budget

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
