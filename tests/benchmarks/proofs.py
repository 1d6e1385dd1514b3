"""What DPoP costs: proofs of a cached token, refused ones, the replay memory, and Redis.

    uv run python -m tests.benchmarks.proofs [--instructions]

CPU time in raw RSA-2048 verifications, of cases that take turns; the memory's curve is CPU time and
bytes per proof, from 10^3 to 10^6; with redis-server installed, the latency of its store by 16 at a
time, in wall time. With --instructions, the instructions of a request of each case are counted by
valgrind instead, which no load of the machine changes.
"""

import argparse
import asyncio
import gc
import logging
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from asgi_jwks import DPoP, JWTBearerMiddleware, ReplayMemory, ReplayStore, StaticJWKSet
from asgi_jwks.binding.shares import SenderShares
from asgi_jwks.testing import MockIssuer, ProofKey, forge

ORIGIN = "https://api.example.com"
ISSUER = MockIssuer()
ROUNDS, PER_TURN = 15, 60
# The log looks at the first 32 refusals of a reason, and then at one in each second.
WARM_UP = 40
OTHERS = [(b"host", b"api.example.com"), (b"accept", b"*/*"), (b"user-agent", b"Mozilla/5.0")] * 2

Fields = list[tuple[bytes, bytes]]
Send = Callable[[int], None]
"""Sends so many of the requests that were prepared."""
Case = Callable[[int], Send]
"""Prepares so many requests."""


async def _app(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def _guard(**options: Any) -> Any:
    return JWTBearerMiddleware(
        _app,
        issuer=ISSUER.issuer,
        audience=ISSUER.audience,
        keys=StaticJWKSet(ISSUER.jwk_set()),
        **options,
    )


def _requests(app: Any, make: Callable[[], Fields], status: int) -> Case:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == status, message

    def prepare(requests: int) -> Send:
        scopes = [
            {
                "type": "http",
                "method": "GET",
                "path": "/documents/42",
                "raw_path": b"/documents/42",
                "root_path": "",
                "client": ("127.0.0.1", 1),
                "headers": [*OTHERS, *make()],
            }
            for _ in range(requests)
        ]

        def send_some(requests: int) -> None:
            for _ in range(requests):
                _run(app(scopes.pop(), receive, send))

        return send_some

    return prepare


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run to its end what never waits, without the cost of an event loop."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the request waits for something")


def _raw(verify: Callable[[], object]) -> Case:
    def verify_some(times: int) -> None:
        for _ in range(times):
            verify()

    return lambda _: verify_some


def _raw_rsa() -> Case:
    key, message = rsa.generate_private_key(65537, 2048), b"m" * 800
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    public, scheme, digest = key.public_key(), padding.PKCS1v15(), hashes.SHA256()
    return _raw(lambda: public.verify(signature, message, scheme, digest))


def _raw_es256() -> Case:
    key, message = ec.generate_private_key(ec.SECP256R1()), b"m" * 500
    algorithm = ec.ECDSA(hashes.SHA256())
    signature, public = key.sign(message, algorithm), key.public_key()
    return _raw(lambda: public.verify(signature, message, algorithm))


def _proven(key: ProofKey, token: str, bend: Callable[[str], str] = str, **claims: Any) -> Fields:
    proof = bend(key.proof("GET", f"{ORIGIN}/documents/42", token, **claims))
    return [(b"authorization", f"DPoP {token}".encode()), (b"dpop", proof.encode())]


# Each behind a good signature.
_FAULTS: dict[str, dict[str, Any]] = {
    "URL": {"htu": f"{ORIGIN}/x"},
    "method": {"htm": "POST"},
    "token hash": {"ath": "A" * 43},
    "time": {"iat": 1},
}


def _newcomers(app: Any) -> Iterator[tuple[ProofKey, str]]:
    """Clients of whom the token is remembered, and the key is not: no proof came yet."""
    while True:
        key = ProofKey()
        token = ISSUER.access_token(cnf=key.confirmation)
        without = [(b"authorization", f"DPoP {token}".encode())]
        _requests(app, partial(list, without), 401)(1)(1)
        yield key, token


def _older(key: ProofKey, token: str, app: Any) -> Callable[[], Fields]:
    """Two proofs that were used, by turns."""
    used = [_proven(key, token) for _ in range(2)]
    for proof in used:
        _requests(app, partial(list, proof), 200)(1)(1)
    return partial(next, cycle(used))


def cases() -> Iterator[tuple[str, Case]]:
    """The cases, the unit first."""
    yield "raw RSA-2048 (the unit)", _raw_rsa()
    yield "raw ES256", _raw_es256()
    bearer = [(b"authorization", f"Bearer {ISSUER.access_token()}".encode())]
    yield "Bearer, cached, without dpop", _requests(_guard(), lambda: bearer, 200)
    app = _guard(dpop=DPoP(public_origin=ORIGIN, proofs_per_sender=10**6))
    yield "Bearer, cached, dpop allowed", _requests(app, lambda: bearer, 200)
    for algorithm in ("ES256", "EdDSA", "RS256"):
        key = ProofKey(algorithm)
        token = ISSUER.access_token(cnf=key.confirmation)

        def good(key: ProofKey = key, token: str = token) -> Fields:
            return _proven(key, token)

        yield f"DPoP {algorithm}, cached token", _requests(app, good, 200)
    newcomers = _newcomers(app)
    yield (
        "DPoP ES256, first of its key",
        _requests(app, lambda: _proven(*next(newcomers)), 200),
    )
    key, token = next(newcomers)
    replayed = _proven(key, token)
    _requests(app, lambda: replayed, 200)(1)(1)
    yield "refused: replayed, the last", _requests(app, lambda: replayed, 401)
    yield "refused: replayed, an older", _requests(app, _older(key, token, app), 401)
    yield (
        "refused: signature",
        _requests(app, lambda: _proven(key, token, forge.with_flipped_signature), 401),
    )
    for fault, claims in _FAULTS.items():
        yield f"refused: {fault}", _requests(app, partial(_proven, key, token, **claims), 401)
    thief = ProofKey()
    yield "refused: another key", _requests(app, lambda: _proven(thief, token), 401)


def costs() -> None:
    """Print the CPU time of each case, in raw RSA verifications."""
    prepared = dict(cases())
    unit = next(iter(prepared))
    for prepare in prepared.values():
        prepare(WARM_UP)(WARM_UP)
    samples: dict[str, list[float]] = {name: [] for name in prepared}
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        for name, prepare in prepared.items():
            send = prepare(PER_TURN)
            began = time.process_time()
            send(PER_TURN)
            samples[name].append((time.process_time() - began) / PER_TURN)
    raw = samples[unit]
    for name, seconds in samples.items():
        ratio = statistics.median(s / r for s, r in zip(seconds, raw, strict=True))
        print(
            f"{name:32} {ratio:6.2f} x   median {statistics.median(seconds) * 1e6:6.1f} us, "
            f"least {min(seconds) * 1e6:6.1f} us"
        )


def instructions() -> None:
    """Print the instructions of each case, and their ratio to those of a raw RSA verification."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    run = subprocess.run(
        [*command, sys.executable, "-m", __spec__.name, "--counted"],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1800,
        check=True,
    )
    counts = {
        pid: int(count.replace(",", ""))
        for pid, count in re.findall(r"^==(\d+)== I +refs: +([\d,]+)$", run.stdout, re.MULTILINE)
    }
    lines = re.findall(r"^CASE (\d+) (\d+) (.+)$", run.stdout, re.MULTILINE)
    unit = 0.0
    for none, some, name in lines:
        each = (counts[some] - counts[none]) / PER_TURN
        unit = unit or each
        print(f"{name:32} {each / unit:6.2f} x   {each:11,.0f} instructions")


def _counted() -> None:
    """Run each case twice in children: one sends nothing, the other all; valgrind counts both."""
    gc.disable()
    for name, prepare in cases():
        send = prepare(PER_TURN + WARM_UP)
        send(WARM_UP)
        children: list[int] = []
        for requests in (0, PER_TURN):
            child = os.fork()
            if child == 0:
                send(requests)
                os._exit(0)
            os.waitpid(child, 0)
            children.append(child)
        print("CASE", *children, name, flush=True)


async def _fill(size: int) -> tuple[float, float]:
    """Fill a memory; the CPU seconds of each of the last thousand, and the slowest of all."""
    replay, shares = ReplayMemory(size), SenderShares(10_000)
    slowest, began = 0.0, 0.0
    for number in range(size):
        if number == size - 1_000:
            began = time.process_time()
        key = sha256(number.to_bytes(8)).digest()
        sender = key.hex()
        before = time.perf_counter()
        cells = shares.check(sender)
        await replay.first_use(key, 65.0)
        shares.take(cells, 65.0)
        slowest = max(slowest, time.perf_counter() - before)
    _kept.append((replay, shares))
    return (time.process_time() - began) / 1_000, slowest


_kept: list[object] = []


def memory() -> None:
    """Print what a proof costs in a memory of so many, each of a sender of its own."""
    for size in (1_000, 10_000, 100_000, 1_000_000):
        per_proof, slowest = asyncio.run(_fill(size))
        _kept.clear()
        gc.collect()
        tracemalloc.start()
        asyncio.run(_fill(size))
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        _kept.clear()
        print(
            f"{size:9,} proofs: {per_proof * 1e6:5.2f} us for each of the last, "
            f"slowest {slowest * 1e3:.1f} ms, {held / 2**20:.1f} MiB"
        )


def redis_latency() -> None:
    """Print the latency of a store in Redis, where redis-server is installed."""
    if shutil.which("redis-server"):
        from tests.support.redis_server import redis_server

        with (
            tempfile.TemporaryDirectory() as folder,
            redis_server("redis-server", Path(folder)) as server,
        ):
            asyncio.run(_through_redis(server.port))


async def _through_redis(port: int) -> None:
    import redis.asyncio

    from asgi_jwks.integrations.redis import RedisReplayStore

    client = redis.asyncio.Redis(port=port)
    for survives in (True, False):
        store = RedisReplayStore(client, survives_restarts=survives)
        taken = [s for one in await asyncio.gather(*map(_ask, [store] * 16)) for s in one]
        cut = statistics.quantiles(taken, n=100)
        kind = "one SET" if survives else "SET and INFO"
        print(
            f"Redis, {kind}, 16 at a time: p50 {cut[49] * 1e3:.2f} ms, p99 {cut[98] * 1e3:.2f} ms"
        )
    await client.aclose()


async def _ask(store: ReplayStore) -> list[float]:
    taken: list[float] = []
    for _ in range(300):
        key, began = secrets.token_bytes(32), time.perf_counter()
        assert await store.first_use(key, 75.0)
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What DPoP costs.")
    parser.add_argument("--instructions", action="store_true", help="count them by valgrind")
    parser.add_argument("--counted", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    # Lines are made as in production, and go nowhere.
    logging.getLogger("asgi_jwks").addHandler(logging.NullHandler())
    logging.getLogger("asgi_jwks").propagate = False
    if options.counted:
        _counted()
    elif options.instructions:
        instructions()
    else:
        costs()
        memory()
        redis_latency()


if __name__ == "__main__":
    main()
