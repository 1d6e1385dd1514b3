"""Used proofs in a real Redis or Valkey: killed, stalled and started again under load."""

import asyncio
import importlib.util
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from tests.support.redis_server import SERVERS, RedisServer, redis_server

from asgi_jwks import ConfigurationError, InvalidProof, ReplayStoreUnavailable
from asgi_jwks.binding import used_proofs
from asgi_jwks.binding.used_proofs import UsedProofs
from asgi_jwks.integrations.redis import RedisReplayStore

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        importlib.util.find_spec("redis") is None, reason="redis is in the extra `redis`"
    ),
]

KEY = "k" * 43
Outcomes = Counter[tuple[str, str]]
# A proof of a client whose clock is 5 s ahead: as long as one may pass.
LONGEST = 65.0


@pytest.fixture
def anyio_backend() -> str:
    """redis-py knows asyncio alone."""
    return "asyncio"


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(request.param, tmp_path) as server:
        yield server


@pytest.fixture
def lasting_server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server("redis-server", tmp_path, appends=True) as server:
        yield server


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is not about the deadline: a busy machine answers late."""
    monkeypatch.setattr(used_proofs, "STORE_DEADLINE", 20.0)


@asynccontextmanager
async def worker(server: RedisServer, **options: Any) -> AsyncIterator[UsedProofs]:
    """A worker with a client of its own."""
    import redis.asyncio

    client = redis.asyncio.Redis(port=server.port, decode_responses=options.pop("text", False))
    try:
        store = RedisReplayStore(client, **options)
        yield UsedProofs(store, share=10**6, longest=LONGEST)
    finally:
        await client.aclose()


async def outcome(proofs: UsedProofs, jti: str, ttl: float = LONGEST) -> str:
    try:
        await proofs.use(KEY, jti, ttl, now=0.0)
    except InvalidProof:
        return "replayed"
    except ReplayStoreUnavailable:
        return "503"
    return "accepted"


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("options", [{}, {"survives_restarts": True}, {"text": True}])
async def test_one_worker_alone_is_the_first(server: RedisServer, options: dict[str, Any]) -> None:
    """I12: one `SET NX PX`, by whichever of several workers."""
    async with worker(server, **options) as one, worker(server, **options) as other:
        answers = await asyncio.gather(
            *(outcome(proofs, "a") for proofs in (one, other) for _ in range(10))
        )
        assert sorted(answers) == ["accepted"] + ["replayed"] * 19
        assert await outcome(other, "b") == "accepted"


@pytest.mark.usefixtures("patient")
async def test_a_use_is_kept_for_its_time_and_without_any_part_of_the_proof(
    server: RedisServer,
) -> None:
    """I12, H1"""
    import redis.asyncio

    async with worker(server, prefix="mine:") as proofs:
        assert await outcome(proofs, "a-jti") == "accepted"
    client: Any = redis.asyncio.Redis(port=server.port)
    (name,) = await client.keys("*")
    assert name.startswith(b"mine:")
    assert 60_000 < await client.pttl(name) <= 70_000
    content = name + await client.get(name)
    assert b"a-jti" not in content
    assert KEY.encode() not in content
    await client.aclose()


async def has_a_past(server: RedisServer) -> None:
    """Until the server, which counts whole seconds, has been there for three of them."""
    import redis.asyncio

    client: Any = redis.asyncio.Redis(port=server.port)
    for _ in range(200):
        if (await client.info("server"))["uptime_in_seconds"] >= 3:
            break
        await asyncio.sleep(0.05)
    await client.aclose()


async def load(
    server: RedisServer, disturb: Callable[[Outcomes], None], **options: Any
) -> Outcomes:
    """Proofs, each sent to one worker and replayed at another, and a disturbance in the midst."""
    outcomes: Outcomes = Counter()
    answered, disturbed = asyncio.Event(), asyncio.Event()

    async def client(one: UsedProofs, other: UsedProofs) -> None:
        for number in range(100_000):
            if number >= 60 and disturbed.is_set():
                break
            jti, made = secrets.token_hex(8), time.monotonic()
            first = await outcome(one, jti)
            second = await outcome(other, jti, LONGEST - (time.monotonic() - made))
            outcomes[first, second] += 1
            if number == 20:
                answered.set()
            if first == second == "503":
                # As a client would: not at once again.
                await asyncio.sleep(0.01)

    async with worker(server, **options) as one, worker(server, **options) as other:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(8):
                tasks.create_task(client(one, other))
            await answered.wait()
            await asyncio.to_thread(disturb, outcomes)
            disturbed.set()
        # It recovers without a restart of ours.
        for _ in range(200):
            if (answer := await outcome(one, secrets.token_hex(8))) == "accepted":
                break
            assert answer == "503"
        assert answer == "accepted"
    return outcomes


def no_replay_passed(outcomes: Outcomes) -> bool:
    return outcomes["accepted", "accepted"] == 0


@pytest.mark.usefixtures("patient")
async def test_a_server_that_is_killed_and_started_anew_lets_no_replay_pass(
    server: RedisServer,
) -> None:
    """I12: it has lost its memory: what could have been used before is refused with 503 only."""

    def restart(_: Outcomes) -> None:
        server.kill()
        server.start()

    await has_a_past(server)
    outcomes = await load(server, restart)
    assert no_replay_passed(outcomes)
    assert outcomes["accepted", "replayed"] > 100
    firsts = {first for first, _ in outcomes}
    assert firsts <= {"accepted", "503"}, "a good proof is refused with 503 only"
    async with worker(server) as proofs:
        assert await outcome(proofs, "made before the restart", 60.0) == "503"


@pytest.mark.usefixtures("patient")
async def test_a_server_that_writes_each_use_to_disk_remembers_it(
    lasting_server: RedisServer,
) -> None:
    """I12: with `survives_restarts`, no proof is refused for its age."""

    def restart(_: Outcomes) -> None:
        lasting_server.kill()
        lasting_server.start()

    outcomes = await load(lasting_server, restart, survives_restarts=True)
    assert no_replay_passed(outcomes)
    async with worker(lasting_server, survives_restarts=True) as proofs:
        assert await outcome(proofs, "made before the restart", 1.0) == "accepted"


async def test_a_server_that_stalls_lets_no_replay_pass(server: RedisServer) -> None:
    """I12: a deadline of 100 ms; answers that come late are never those of other proofs."""

    def stall(outcomes: Outcomes) -> None:
        server.stall()
        give_up_at = time.monotonic() + 30
        while not outcomes["503", "503"] and time.monotonic() < give_up_at:
            time.sleep(0.01)  # real time, for the deadlines of a real server's clients
        server.go_on()

    outcomes = await load(server, stall)
    assert no_replay_passed(outcomes)
    assert {first for first, _ in outcomes} <= {"accepted", "503"}
    assert outcomes["503", "503"] > 0


@pytest.mark.usefixtures("patient")
async def test_a_server_that_is_down_is_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I12, B8"""
    with redis_server("redis-server", tmp_path) as server:
        async with worker(server) as proofs:
            assert await outcome(proofs, "a") == "accepted"
            server.kill()
            # redis-py tries for some seconds; a deadline within them ends it all the same.
            monkeypatch.setattr(used_proofs, "STORE_DEADLINE", 0.1)
            assert await outcome(proofs, "b") == "503"
            server.start()


class Pipeline:
    """What redis-py answers, as it is told."""

    def __init__(self, answers: list[object]) -> None:
        self.answers = answers
        self.commands: list[tuple[object, ...]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def set(self, *args: object, **options: object) -> None:
        self.commands.append((*args, options))

    def execute_command(self, *args: object) -> None:
        self.commands.append(args)

    async def execute(self) -> list[object]:
        return self.answers


class Client:
    """A client that is one pipeline, and whose connection broke after the first SET."""

    def __init__(self, *answers: object, applied: bool = False) -> None:
        self.made = Pipeline(list(answers))
        self.applied = applied

    def pipeline(self, *, transaction: bool) -> Pipeline:
        assert not transaction
        return self.made

    async def execute_command(self, *_: object) -> None: ...

    async def get(self, _name: str) -> object:
        return self.made.commands[0][1] if self.applied else b"of another"


INFO = b"# Server\r\nuptime_in_seconds:70\r\nredis_version:7\r\n"


@pytest.mark.parametrize(
    ("client", "is_first"),
    [
        (Client(True, INFO), True),
        (Client(None, INFO), False),
        (Client(None, INFO, applied=True), True),
        (Client(b"OK", INFO), False),
        (Client(1, INFO), False),
    ],
)
async def test_an_answer_to_a_question_that_was_asked_twice(client: Client, is_first: bool) -> None:
    """I12: a client that asks again after a broken connection meets its own first use."""
    assert await RedisReplayStore(client).first_use(bytes(32), 60.0) is is_first


@pytest.mark.parametrize("info", [b"", b"uptime_in_seconds:x", None, b"uptime_in_seconds:\r\n"])
async def test_a_server_that_hides_its_age_is_no_store(info: object) -> None:
    """I12: failing closed."""
    with pytest.raises(ReplayStoreUnavailable, match="uptime"):
        await RedisReplayStore(Client(True, info)).first_use(bytes(32), 60.0)


async def test_a_policy_says_for_how_long_a_proof_may_have_been_used_before() -> None:
    """I12: by nonces of an hour, a server of an hour may have forgotten it."""
    store = RedisReplayStore(Client(True, INFO))
    UsedProofs(store, share=1, longest=7200.0)
    with pytest.raises(ReplayStoreUnavailable) as caught:
        await store.first_use(bytes(32), 60.0)
    assert caught.value.retry_after == 7200 + 5 - 60 - (70 - 2)
    assert repr(store) == "RedisReplayStore(prefix='asgi-jwks:dpop:')"


@pytest.mark.parametrize(
    ("uptime", "ago", "passes"),
    [(0, 0.0, True), (1, 0.5, False), (2, 0.5, False), (3, 0.5, True), (3, 1.5, False)],
)
async def test_a_server_may_be_younger_than_the_whole_seconds_that_it_counts(
    uptime: int, ago: float, passes: bool
) -> None:
    """I12: one that was started at the end of a second says 1 at once, and has forgotten a use."""
    store = RedisReplayStore(Client(True, b"uptime_in_seconds:%d" % uptime))
    if passes:
        assert await store.first_use(bytes(32), 70.0 - ago)
    else:
        with pytest.raises(ReplayStoreUnavailable):
            await store.first_use(bytes(32), 70.0 - ago)


@pytest.mark.parametrize("client", [None, "redis://localhost", Pipeline([]), Client])
async def test_a_client_is_an_asyncio_client(client: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="asyncio client"):
        RedisReplayStore(client)


async def test_a_sync_client_is_refused() -> None:
    """A11: a sync client is no async client."""
    import redis

    with pytest.raises(ConfigurationError, match="asyncio client"):
        RedisReplayStore(redis.Redis())


@pytest.mark.parametrize("options", [{"prefix": ""}, {"prefix": 1}, {"survives_restarts": "false"}])
async def test_an_option_is_checked_where_it_is_given(options: dict[str, Any]) -> None:
    """A11"""
    with pytest.raises(ConfigurationError):
        RedisReplayStore(Client(), **options)
