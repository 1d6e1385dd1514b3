"""The model of workers that share a snapshot: distrust that one was told, the others hear of.

Each worker is a key set with an event loop of its own, on asyncio or on trio, and keeps fresh as
the lifespan does, or does not. The oracle knows the last word on each key, when it was said, and up
to when a worker must have heard of everything, by the sentences of SECURITY.md: within 30 s where
the lifespan runs (and a fetch, if one is in progress), else with its next refresh.
"""

import json
import math
import os
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

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

from asgi_jwks.errors import InvalidToken, KeySetUnavailable
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import SigningKey

TIMEOUT: Final = 5.0
LATENCY: Final = 0.2
LISTENS_EVERY: Final = 30.0
SLACK: Final = 1.0

KEYS: Final = {kid: SigningKey.generate("ES256", kid=kid) for kid in ("one", "two")}
THUMBPRINTS: Final = {
    kid: JWKSet.parse({"keys": [key.public_jwk()]}).keys[0].thumbprint for kid, key in KEYS.items()
}

kids: Final = st.sampled_from(sorted(KEYS))
workers: Final = st.sampled_from([0, 1])


class Workers(RuleBasedStateMachine):
    """Two workers, their file, and the truth about the words that were said."""

    def __init__(self, directory: Path, backends: tuple[str, str]) -> None:
        super().__init__()
        self.time = JumpingTime()
        self.runners = [new_runner(backend, self.time) for backend in backends]
        handle, name = tempfile.mkstemp(dir=directory)
        os.close(handle)
        self.path = Path(name)
        self.path.unlink()
        self.mode = "healthy"
        self.keys: list[RemoteJWKSet] = []
        self.lifespans: list[anyio.CancelScope | None] = [None, None]
        # The last word on each name, and when it was said.
        self.words: dict[tuple[str, str], tuple[bool, float]] = {}
        # What each worker said itself counts at once; of the others', what was said before this.
        self.heard_until = [-math.inf, -math.inf]
        self.own: list[dict[tuple[str, str], float]] = [{}, {}]

    def new_worker(self) -> RemoteJWKSet:
        return RemoteJWKSet(
            "https://issuer.example/keys",
            fetch=self.fetch,
            snapshot=self.path,
            listener=lambda event: None,
            clock=lambda: self.time.now,
        )

    async def fetch(self, url: str, headers: Mapping[str, str]) -> FetchResponse:
        mode = self.mode
        if mode == "hanging":
            await anyio.sleep_forever()
        await anyio.sleep(LATENCY)
        if mode == "failing":
            return FetchResponse(500, {}, b"")
        document = {"keys": [key.public_jwk() for key in KEYS.values()]}
        return FetchResponse(200, {}, json.dumps(document).encode())

    @initialize(lifespans=st.tuples(st.booleans(), st.booleans()))
    def start(self, lifespans: tuple[bool, bool]) -> None:
        self.keys = [self.new_worker() for _ in range(2)]
        for worker, runs in enumerate(lifespans):
            self.runners[worker].run(self.keys[worker].refresh)
            if runs:
                self.begin_lifespan(worker)

    # The workers.

    def begin_lifespan(self, worker: int) -> None:
        async def live(scope: anyio.CancelScope, keys: RemoteJWKSet) -> None:
            with scope:
                await keys.keep_fresh()

        async def begin() -> anyio.CancelScope:
            scope = anyio.CancelScope()
            self.runners[worker].spawn(partial(live, scope, self.keys[worker]))
            await anyio.lowlevel.checkpoint()
            return scope

        self.lifespans[worker] = self.runners[worker].run(begin)

    def end_lifespan(self, worker: int) -> bool:
        """Whether there was one."""
        scope, self.lifespans[worker] = self.lifespans[worker], None
        if scope is None:
            return False

        async def end() -> None:
            scope.cancel()
            for _ in range(3):
                await anyio.lowlevel.checkpoint()

        self.runners[worker].run(end)
        return True

    @rule(worker=workers)
    def a_worker_is_restarted(self, worker: int) -> None:
        had_lifespan = self.end_lifespan(worker)
        self.runners[worker].run(self.keys[worker].aclose)
        self.heard_until[worker] = self.time.now
        self.keys[worker] = self.new_worker()
        if had_lifespan:
            self.begin_lifespan(worker)

    @rule(worker=workers)
    def a_lifespan_begins_or_ends(self, worker: int) -> None:
        if not self.end_lifespan(worker):
            self.begin_lifespan(worker)

    @rule(seconds=st.sampled_from([0.1, 1.0, 29.0, 31.0, 37.0, 100.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        began = self.time.now
        for worker in (0, 1):
            # Each has a turn of all that time, so that nothing of it waits for the other one.
            self.runners[worker].run(lambda: anyio.sleep(seconds))
            listens_within = LISTENS_EVERY + TIMEOUT + SLACK
            if self.lifespans[worker] is not None and seconds > listens_within:
                until = self.time.now - listens_within
                self.heard_until[worker] = max(self.heard_until[worker], min(until, began))

    @rule(mode=st.sampled_from(["healthy", "healthy", "failing", "hanging"]))
    def the_endpoint_changes(self, mode: str) -> None:
        self.mode = mode

    @rule(worker=workers)
    def an_operator_refreshes(self, worker: int) -> None:
        began = self.time.now
        try:
            self.runners[worker].run(self.keys[worker].refresh)
        except KeySetUnavailable:
            assert self.mode != "healthy"
        # Whether it succeeds or not.
        self.heard_until[worker] = max(self.heard_until[worker], began)

    # The words.

    @rule(worker=workers, kid=kids, kind=st.sampled_from(["kid", "thumbprint"]))
    def an_operator_distrusts_a_key(self, worker: int, kid: str, kind: str) -> None:
        self.say(worker, (kind, kid if kind == "kid" else THUMBPRINTS[kid]), is_distrusted=True)

    @precondition(lambda self: bool(self.words))
    @rule(worker=workers, data=st.data())
    def an_operator_trusts_a_key_again(self, worker: int, data: st.DataObject) -> None:
        """In whichever worker: the last word counts."""
        name = data.draw(st.sampled_from(sorted(self.words)))
        self.say(worker, name, is_distrusted=False)

    def say(self, worker: int, name: tuple[str, str], *, is_distrusted: bool) -> None:
        kind, value = name
        keys = self.keys[worker]
        (keys.distrust if is_distrusted else keys.trust_again)(**{kind: value})
        # A moment between two words, as between any two of an operator's.
        self.heard_until[worker] = self.time.now
        self.time.now += 0.01
        self.words[name] = (is_distrusted, self.time.now - 0.005)
        self.own[worker][name] = self.words[name][1]

    # A story that hypothesis would seldom find by itself.

    @rule(worker=workers, kid=kids, seconds=st.sampled_from([29.0, 37.0, 100.0]))
    def a_word_is_said_and_the_other_worker_has_time_to_hear_it(
        self, worker: int, kid: str, seconds: float
    ) -> None:
        self.an_operator_distrusts_a_key(worker, kid, "kid")
        self.time_passes(seconds)
        self.a_token_arrives(1 - worker, kid)
        self.say(worker, ("kid", kid), is_distrusted=False)

    # What holds.

    def must_know(self, worker: int, name: tuple[str, str]) -> bool:
        _, said_at = self.words.get(name, (False, -math.inf))
        return said_at <= max(self.heard_until[worker], self.own[worker].get(name, -math.inf))

    @rule(worker=workers, kid=kids)
    def a_token_arrives(self, worker: int, kid: str) -> None:
        names = [("kid", kid), ("thumbprint", THUMBPRINTS[kid])]
        known = all(self.must_know(worker, name) for name in names)
        against = [name for name in names if self.words.get(name, (False, 0.0))[0]]
        certainly = any(self.must_know(worker, name) for name in against)
        try:
            self.runners[worker].run(lambda: self.keys[worker].find(kid, "ES256", lambda: None))
        except KeySetUnavailable:
            return
        except InvalidToken:
            assert against or not known, "a trusted key was refused"
        else:
            assert not certainly, "a key was accepted that this worker must know to be distrusted"

    @invariant()
    def the_file_has_every_word(self) -> None:
        if not self.words:
            return
        record = json.loads(self.path.read_bytes())
        written = {(kind, name): is_so for kind, name, _, is_so in record["distrusted"]}
        assert written == {name: is_so for name, (is_so, _) in self.words.items()}

    def teardown(self) -> None:
        """In the end all workers agree."""
        try:
            self.mode = "healthy"
            for worker in range(len(self.keys)):
                self.an_operator_refreshes(worker)
                for kid in sorted(KEYS):
                    self.a_token_arrives(worker, kid)
        finally:
            for worker, runner in enumerate(self.runners):
                if self.keys:
                    self.end_lifespan(worker)
                    runner.run(self.keys[worker].aclose)
                runner.close()


@model_time_limit
@pytest.mark.parametrize(
    "backends", [("asyncio", "asyncio"), ("trio", "trio")], ids=["asyncio", "trio"]
)
def test_workers_hear_of_each_other_s_words(
    tmp_path: Path, inline_disk: None, backends: tuple[str, str]
) -> None:
    """F17, F15."""

    class WorkersHere(Workers):
        def __init__(self) -> None:
            super().__init__(tmp_path, backends)

    run_model(WorkersHere, examples=25, steps=30)
