"""What DPoP costs: proofs of a cached token, refused ones, the replay memory, and Redis.

    uv run python -m tests.benchmarks.proofs

CPU time in raw RSA-2048 verifications, of cases that take turns; the memory's curve is CPU time and
bytes per proof, from 10^3 to 10^6; with redis-server installed, the latency of its store by 16 at a
time, in wall time.
"""

import asyncio
import gc
import logging
import secrets
import shutil
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
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
OTHERS = [(b"host", b"api.example.com"), (b"accept", b"*/*"), (b"user-agent", b"Mozilla/5.0")] * 2

Fields = list[tuple[bytes, bytes]]
Turn = Callable[[int], float]


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


def _requests(app: Any, make: Callable[[], Fields], status: int) -> Turn:
    """A turn of so many requests, each made before the clock starts."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == status, message

    def turn(requests: int) -> float:
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

        async def run() -> float:
            began = time.process_time()
            for scope in scopes:
                await app(scope, receive, send)
            return time.process_time() - began

        return asyncio.run(run()) / requests

    return turn


def _raw(verify: Callable[[], object]) -> Turn:
    def turn(requests: int) -> float:
        began = time.process_time()
        for _ in range(requests):
            verify()
        return (time.process_time() - began) / requests

    return turn


def _raw_rsa() -> Turn:
    key, message = rsa.generate_private_key(65537, 2048), b"m" * 800
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    public = key.public_key()
    return _raw(lambda: public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256()))


def _raw_es256() -> Turn:
    key, message = ec.generate_private_key(ec.SECP256R1()), b"m" * 500
    signature, public = key.sign(message, ec.ECDSA(hashes.SHA256())), key.public_key()
    return _raw(lambda: public.verify(signature, message, ec.ECDSA(hashes.SHA256())))


def _proven(key: ProofKey, token: str, bend: Callable[[str], str] = str, **claims: Any) -> Fields:
    proof = bend(key.proof("GET", f"{ORIGIN}/documents/42", token, **claims))
    return [(b"authorization", f"DPoP {token}".encode()), (b"dpop", proof.encode())]


def cases() -> Iterator[tuple[str, Turn]]:
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
    key = ProofKey()
    token = ISSUER.access_token(cnf=key.confirmation)
    yield (
        "refused: signature",
        _requests(app, lambda: _proven(key, token, forge.with_flipped_signature), 401),
    )
    yield "refused: URL", _requests(app, lambda: _proven(key, token, htu=f"{ORIGIN}/x"), 401)
    thief = ProofKey()
    yield "refused: another key", _requests(app, lambda: _proven(thief, token), 401)
    replayed = _proven(key, token)
    _requests(app, lambda: replayed, 200)(1)
    yield "refused: replayed", _requests(app, lambda: replayed, 401)


def costs() -> None:
    """Print the cost of each case, in raw RSA verifications."""
    turns = dict(cases())
    unit = next(iter(turns))
    for turn in turns.values():
        turn(20)
    samples: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(ROUNDS):
        for name, turn in turns.items():
            samples[name].append(turn(PER_TURN))
    raw = samples[unit]
    for name, seconds in samples.items():
        ratio = statistics.median(s / r for s, r in zip(seconds, raw, strict=True))
        print(f"{name:32} {ratio:6.2f} x   {statistics.median(seconds) * 1e6:7.1f} us")


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
        shares.check(sender)
        await replay.first_use(key, 65.0)
        shares.take(sender, 65.0)
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
    logging.getLogger("asgi_jwks").setLevel(logging.CRITICAL)
    costs()
    memory()
    if shutil.which("redis-server"):
        from tests.support.redis_server import redis_server

        with (
            tempfile.TemporaryDirectory() as folder,
            redis_server("redis-server", Path(folder)) as server,
        ):
            asyncio.run(_through_redis(server.port))


if __name__ == "__main__":
    main()
