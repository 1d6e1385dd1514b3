"""What key sets do under herds, hangs, junk and outages, over loopback sockets.

    uv run --group test python -m tests.benchmarks.key_sets

It takes about two minutes; `--only outage` runs the cases whose names begin so. What lives only
here: the cases, and the figures that they promise. The endpoint runs in a thread of this process,
so gaps of the event loop include what serving costs. Hours are skipped by moving the clock that the
key set is given; what is measured in seconds passes in seconds.
"""

import argparse
import gc
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import anyio
from tests.benchmarks.table import plain

from asgi_jwks import AccessTokenVerifier, InvalidToken, KeySetError, RemoteJWKSet, TrustedIssuer
from asgi_jwks.testing import MockIssuer

AUDIENCE = "https://api.example.com"
ACCEPTED, UNAVAILABLE, UNKNOWN = "accepted", "503", "unknown_key"


class Bench:
    """A served issuer and a verifier of its tokens, whose clock can be moved."""

    def __init__(self, issuer: MockIssuer, *, max_age: float = 600.0) -> None:
        self.issuer = issuer
        self.skipped = 0.0
        self.keys = RemoteJWKSet(
            issuer.jwks_uri, max_age=max_age, listener=lambda event: None, clock=self.clock
        )
        self.verifier = AccessTokenVerifier(
            [
                TrustedIssuer(
                    issuer=issuer.issuer,
                    audience=AUDIENCE,
                    algorithms=[issuer.signing_key.algorithm],
                    keys=self.keys,
                )
            ],
            # Each token is verified anew; the memory of verified tokens has its own benchmark.
            verified_tokens=0,
        )
        self.answers: Counter[str] = Counter()
        self.wrong = 0
        self.longest = 0.0

    def clock(self) -> float:
        """Monotonic seconds, with what was skipped."""
        return time.monotonic() + self.skipped

    async def request(self, token: str, *expected: str) -> str:
        """Verify a token, note how long it took, and whether the answer was a right one."""
        began = time.perf_counter()
        try:
            await self.verifier.verify(token)
            answer = ACCEPTED
        except InvalidToken as refusal:
            answer = refusal.reason.value
        except KeySetError:
            answer = UNAVAILABLE
        self.longest = max(self.longest, time.perf_counter() - began)
        self.answers[answer] += 1
        self.wrong += answer not in expected
        return answer

    async def all_at_once(self, tokens: Iterable[str], *expected: str) -> None:
        """Verify tokens concurrently."""
        async with anyio.create_task_group() as tasks:
            for token in tokens:
                tasks.start_soon(self.request, token, *expected)

    async def paced(self, token: str, *expected: str, rate: int, seconds: float) -> None:
        """Verify one token `rate` times a second."""
        start = time.perf_counter()
        for number in range(int(rate * seconds)):
            await anyio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            await self.request(token, *expected)


Figure = tuple[str, str, str]
Case = Callable[[Bench], Awaitable[list[Figure]]]


@asynccontextmanager
async def largest_gap() -> AsyncIterator[list[float]]:
    """The longest time for which the event loop ran nothing else, in seconds."""
    gaps = [0.0]

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.001)
            gaps[0] = max(gaps[0], time.perf_counter() - before - 0.001)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        yield gaps
        tasks.cancel_scope.cancel()


def allocated() -> float:
    """KiB that Python has allocated since this was asked first; asking it slows what follows."""
    tracemalloc.start()
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1024


def ms(seconds: float) -> str:
    """Seconds as milliseconds."""
    return f"{seconds * 1000:.1f} ms"


async def cold(bench: Bench) -> list[Figure]:
    """500 requests at once, and no keys."""
    await bench.all_at_once([bench.issuer.access_token()] * 500, ACCEPTED)
    return [("fetches for 500 concurrent cold requests", str(bench.issuer.jwks.count), "1")]


async def expiry(bench: Bench) -> list[Figure]:
    """500 requests at once, just past max_age and past max_stale."""
    token, figures = bench.issuer.access_token(), []
    for name, age in (("max_age", 601.0), ("max_age + max_stale", 4201.0)):
        await bench.keys.refresh()
        bench.issuer.jwks.reset()
        bench.issuer.jwks.delay(0.5)
        bench.skipped += age
        bench.longest = 0.0
        await bench.all_at_once([token] * 500, ACCEPTED)
        bench.issuer.jwks.recover()
        fetches = str(bench.issuer.jwks.count)
        figures.append((f"fetches for 500 past {name}, endpoint slowed by 0.5 s", fetches, "1"))
        figures.append(("  longest request among them", ms(bench.longest), "about 500 ms"))
    return figures


async def hang(bench: Bench) -> list[Figure]:
    """Requests at 200 per second while the endpoint hangs, in each phase."""
    token = bench.issuer.access_token()
    await bench.keys.warm()
    await bench.request(token, ACCEPTED)
    bench.issuer.jwks.hang()
    figures: list[Figure] = []
    async with largest_gap() as gap:
        for phase, skip, promise in (
            ("while fresh", 520.0, "0"),
            ("past max_age, without lifespan", 4000.0, "at most 1000 ms"),
        ):
            bench.longest = 0.0
            bench.skipped += skip if phase == "while fresh" else 0.0
            if phase != "while fresh":
                bench.issuer.jwks.recover()
                await bench.keys.refresh()
                bench.issuer.jwks.hang()
                bench.skipped += 601.0
            await bench.paced(token, ACCEPTED, rate=200, seconds=6.0)
            text = f"longest wait with the key at hand, endpoint hanging, {phase}"
            figures.append((text, ms(bench.longest), promise))
    figures.append(("largest event-loop gap meanwhile", ms(gap[0]), "under 50 ms"))
    bench.issuer.jwks.recover()
    await bench.keys.aclose()
    return figures


async def lifespan(bench: Bench) -> list[Figure]:
    """The same past max_age with the refreshing task that a lifespan brings; max_age is 12 s."""
    bench = Bench(bench.issuer, max_age=12.0)
    token = bench.issuer.access_token()
    await bench.keys.warm()
    bench.issuer.jwks.hang()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.keys.keep_fresh)
        await bench.paced(token, ACCEPTED, rate=200, seconds=18.0)
        tasks.cancel_scope.cancel()
    await bench.keys.aclose()
    bench.issuer.jwks.recover()
    text = "longest wait with the key at hand, endpoint hanging, past max_age, with lifespan"
    return [(text, ms(bench.longest), "0"), ("  wrong answers", str(bench.wrong), "0")]


async def junk(bench: Bench) -> list[Figure]:
    """2,000 distinct unknown kids in 2 s, and a good token between them."""
    forged = [bench.issuer.access_token(headers={"kid": f"forged-{n}"}) for n in range(2000)]
    good = bench.issuer.access_token()
    await bench.request(good, ACCEPTED)
    bench.issuer.jwks.reset()
    before = allocated()
    start, slowest = time.perf_counter(), 0.0
    for batch in range(20):
        await anyio.sleep(max(0.0, start + batch / 10 - time.perf_counter()))
        await bench.all_at_once(forged[batch * 100 : batch * 100 + 100], UNKNOWN)
        bench.longest = 0.0
        await bench.request(good, ACCEPTED)
        slowest = max(slowest, bench.longest)
    took = time.perf_counter() - start
    fetches = str(bench.issuer.jwks.count)
    return [
        (f"fetches for 2,000 distinct unknown kids in {took:.1f} s", fetches, "at most 2"),
        ("  growth of memory", f"{allocated() - before:.0f} KiB", "bounded"),
        ("  longest good request between them", ms(slowest), "0"),
    ]


async def rotation(bench: Bench) -> list[Figure]:
    """A genuine new key after a stranger has spent one refetch."""
    await bench.keys.warm()
    await bench.request(bench.issuer.access_token(headers={"kid": "forged"}), UNKNOWN)
    bench.issuer.rotate()
    token, began = bench.issuer.access_token(), time.perf_counter()
    while not bench.answers[ACCEPTED]:
        await bench.paced(token, ACCEPTED, rate=100, seconds=0.01)
    took = time.perf_counter() - began
    text = "until a new key is accepted after a stranger has spent one refetch"
    return [(text, ms(took), "0 s: the budget's second")]


async def outage(bench: Bench) -> list[Figure]:
    """30 s of outage past max_age at 200 requests per second, and the recovery."""
    token = bench.issuer.access_token()
    await bench.keys.refresh()
    bench.skipped += 601.0
    bench.issuer.jwks.reset()
    bench.issuer.jwks.fail(500)
    await bench.paced(token, ACCEPTED, rate=200, seconds=30.0)
    fetches = bench.issuer.jwks.count
    bench.issuer.jwks.recover()
    returned = time.perf_counter()
    while bench.keys.health().failures and time.perf_counter() < returned + 65:
        await bench.paced(token, ACCEPTED, rate=200, seconds=0.05)
    took = time.perf_counter() - returned
    return [
        ("fetches during 30 s of outage at 200 requests/s", str(fetches), "about 6"),
        ("from the endpoint's return to the first fresh fetch", f"{took:.1f} s", "the backoff"),
    ]


async def churn(bench: Bench) -> list[Figure]:
    """20,000 verifications, all keys swapped every second; the clock moves 31 s with each swap."""
    accepted = before = 0.0
    for turn in range(20):
        began = time.perf_counter()
        old = bench.issuer.access_token()
        bench.issuer.swap_key()
        tokens = [bench.issuer.access_token() for _ in range(50)]
        bench.skipped += 31.0
        if turn == 4:
            before = allocated()
        for number in range(1000):
            answer = await bench.request(tokens[number % 50], ACCEPTED)
            accepted += answer == ACCEPTED
        await bench.request(old, UNKNOWN)
        # The record of requests is the endpoint's memory, not the key set's.
        bench.issuer.jwks.reset()
        await anyio.sleep(max(0.0, began + 1 - time.perf_counter()))
    growth = allocated() - before
    text = f"growth of memory over {accepted:,.0f} verifications, a rotation every second"
    return [(text, f"{growth:.0f} KiB", "bounded")]


CASES: tuple[Case, ...] = (cold, expiry, hang, lifespan, junk, rotation, outage, churn)


async def run(only: str) -> None:
    """Run the cases one after the other, each with a new issuer and a new key set."""
    rows = [("figure", "measured", "promised")]
    wrong, answers = 0, Counter[str]()
    for case in CASES:
        if not case.__name__.startswith(only):
            continue
        issuer = MockIssuer(algorithm="ES256", audience=AUDIENCE)
        with issuer.serve():
            bench = Bench(issuer)
            rows += await case(bench)
            await bench.keys.aclose()
        tracemalloc.stop()
        wrong += bench.wrong
        answers += bench.answers
    rows.append((f"wrong answers among {answers.total():,}", str(wrong), "0"))
    print(plain(rows))


def main() -> None:
    """Read the arguments, and run."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--only", default="", help="the beginning of a case's name")
    anyio.run(run, parser.parse_args().only)


if __name__ == "__main__":
    main()
