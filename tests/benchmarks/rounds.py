"""Interleaved rounds: everybody takes a short turn, again and again, and ratios are compared.

What lives only here: how turns are sized, interleaved and summed up. A noisy machine slows all
contenders of one round alike, so each round yields its own ratio to the raw verification of the
same round, and the median of these ratios is the result.
What it does not know: tokens' contents, peers, tables.
"""

import gc
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import process_time_ns
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from starlette.types import ASGIApp

from .cases import WARM_UP, Case, Stream
from .driver import cpu_per_request, status_of
from .tokens import RawVerification

# One turn: long against the clock's resolution, short against the machine's moods.
_TURN_NS: Final = 8_000_000
_LONGEST_TURN: Final = 4_000  # requests
_RAW_PER_TURN: Final = 300


@dataclass(frozen=True, slots=True)
class Result:
    """What one contender took in one case, over no authentication.

    `ratio` is in raw RSA verifications, `low` and `high` are its quartiles over the rounds, and
    `microseconds` is the median CPU time. `note` says why there is no figure, where there is none.
    """

    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    microseconds: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Turn:
    app: ASGIApp
    stream: Stream
    requests: int


async def compare(
    case: Case, apps: Mapping[str, ASGIApp], no_auth: ASGIApp, rounds: int
) -> dict[str, Result]:
    """Each app's cost in `case`; apps that answer with another status get a note instead."""
    results: dict[str, Result] = {}
    turns: dict[str, _Turn] = {}
    for name, app in apps.items():
        stream = Stream(case)
        answers = {await status_of(app, token) for token in stream.take(WARM_UP // 2)}
        if answers == {case.status}:
            turns[name] = await _sized(app, case, stream, rounds)
        else:
            results[name] = Result(note=f"answers {', '.join(map(str, sorted(answers)))}")
    floor = await _sized(no_auth, case, Stream(case), rounds)

    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in turns}
    # What exists by now is out of the collector's sight; it stays on for what requests allocate.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        raw = raw_verification_ns(case.unit)
        nothing = await _take(floor)
        for name, turn in turns.items():
            over = await _take(turn) - nothing
            samples[name].append((over, over / raw))
    for name, pairs in samples.items():
        ratios = [ratio for _, ratio in pairs]
        low, ratio, high = statistics.quantiles(ratios, n=4)
        cpu = statistics.median(nanoseconds for nanoseconds, _ in pairs)
        results[name] = Result(ratio, low, high, cpu / 1000)
    return results


def raw_microseconds(unit: RawVerification, rounds: int) -> float:
    """The unit itself: the median CPU time of one raw verification, in microseconds."""
    return statistics.median(raw_verification_ns(unit) for _ in range(rounds)) / 1000


async def _sized(app: ASGIApp, case: Case, stream: Stream, rounds: int) -> _Turn:
    probe = await cpu_per_request(app, stream.take(WARM_UP // 2))
    requests = max(4, min(_LONGEST_TURN, int(_TURN_NS / max(probe, 1.0))))
    if case.once:
        requests = min(requests, (len(case.tokens) - WARM_UP) // rounds)
    return _Turn(app, stream, requests)


async def _take(turn: _Turn) -> float:
    return await cpu_per_request(turn.app, turn.stream.take(turn.requests))


def raw_verification_ns(unit: RawVerification) -> float:
    verify, scheme, digest = unit.key.verify, padding.PKCS1v15(), hashes.SHA256()
    signature, message = unit.signature, unit.message
    started = process_time_ns()
    for _ in range(_RAW_PER_TURN):
        verify(signature, message, scheme, digest)
    return (process_time_ns() - started) / _RAW_PER_TURN


def usable_rounds(rounds: int, cases: Sequence[Case]) -> int:
    """`rounds`, or as many as the tokens that may be sent only once allow."""
    return min([rounds, *((len(case.tokens) - WARM_UP) // 4 for case in cases if case.once)])
