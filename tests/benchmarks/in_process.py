"""CPU time per request, in one process: no authentication, ours and the peers.

    uv run --isolated --python 3.12 --group bench python -m tests.benchmarks.in_process

What lives only here: the command. It mints, warms up, measures and prints.
What it does not know: how a turn is timed, what a peer looks like inside.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict

from starlette.types import ASGIApp

from .cases import Case, all_cases
from .contenders import CONTENDERS, NO_AUTH, Contender, Trust
from .driver import bare_app, status_of
from .jwks_endpoint import serving
from .machine import machine_state
from .rounds import Result, compare, raw_microseconds, usable_rounds
from .table import markdown, plain
from .tokens import AUDIENCE, ISSUER, Mint

Results = dict[str, dict[str, Result]]


class _Clock:
    """A wall clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


async def measure(
    contenders: Sequence[Contender], cases: Sequence[Case], trust: Trust, rounds: int
) -> Results:
    """Every case for every contender, by the names of both."""
    no_auth = NO_AUTH.wrap(bare_app, trust)
    results: Results = {}
    for case in cases:
        apps: dict[str, ASGIApp] = {}
        absent: dict[str, Result] = {}
        for contender in contenders:
            try:
                app = await _prepared(contender, case, trust)
            except ModuleNotFoundError:
                absent[contender.name] = Result(note="not installed")
            except ImportError:
                absent[contender.name] = Result(note="import fails")
            else:
                if app is None:
                    absent[contender.name] = Result(note="-")
                else:
                    apps[contender.name] = app
        results[case.name] = await compare(case, apps, no_auth, rounds) | absent
    return results


async def _prepared(contender: Contender, case: Case, trust: Trust) -> ASGIApp | None:
    """The contender in the state in which `case` begins, or None where it cannot be brought there.

    Every case begins with an instance of its own, so that no case warms another's caches.
    """
    clock = _Clock()
    if case.hours_later == 0:
        app = contender.wrap(bare_app, trust)
    elif contender.wrap_at is not None:
        app = contender.wrap_at(bare_app, trust, clock)
    else:
        return None
    for token in case.seen_before:
        if await status_of(app, token) != 200:
            raise RuntimeError(f"{contender.name} does not accept a valid token")
    clock.ahead = case.hours_later * 3600.0
    return app


def _rows(results: Results, contenders: Sequence[Contender]) -> list[list[str]]:
    names = [contender.name for contender in contenders]
    return [
        ["case", *names],
        *([case, *(_cell(by_name[name]) for name in names)] for case, by_name in results.items()),
    ]


def _cell(result: Result) -> str:
    return result.note if result.ratio is None else f"{result.ratio:.2f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="in_process", description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="turns of each contender per case")
    parser.add_argument("--tokens", type=int, default=4000, help="new tokens to mint, of each size")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these contenders")
    parser.add_argument("--cases", nargs="+", metavar="TEXT", help="cases whose name contains it")
    layout = parser.add_mutually_exclusive_group()
    layout.add_argument("--markdown", action="store_true", help="a table for a README")
    layout.add_argument("--json", action="store_true", help="with quartiles and microseconds")
    return parser.parse_args()


def main() -> None:
    """Measure and print, in raw RSA-2048 verifications over the app without authentication."""
    arguments = _arguments()
    contenders = [c for c in CONTENDERS if not arguments.only or c.name in arguments.only]
    mint = Mint()
    cases = [
        case
        for case in all_cases(mint, arguments.tokens)
        if not arguments.cases or any(text in case.name for text in arguments.cases)
    ]
    rounds = usable_rounds(arguments.rounds, cases)
    with serving(mint.jwks()) as jwks_uri:
        trust = Trust(ISSUER, AUDIENCE, jwks_uri)
        before = machine_state(
            ["cryptography", "starlette", *(c.distribution for c in contenders if c.distribution)]
        )
        results = asyncio.run(measure(contenders, cases, trust, rounds))
    unit = raw_microseconds(cases[0].unit, rounds)
    if arguments.json:
        figures = {
            case: {name: asdict(result) for name, result in by_name.items()}
            for case, by_name in results.items()
        }
        report = {"machine": before, "rounds": rounds, "raw_microseconds": unit, "cases": figures}
        print(json.dumps(report, indent=2))
        return
    for key, value in before.items():
        print(f"{key}: {value}")
    sizes = {f"{case.name}: {len(case.tokens[0])} bytes" for case in cases if case.tokens[0]}
    print(f"tokens: {'; '.join(sorted(sizes))}")
    print(f"one raw RSA-2048 verification: {unit:.1f} us CPU; medians of {rounds} rounds\n")
    rows = _rows(results, contenders)
    print(markdown(rows) if arguments.markdown else plain(rows))
    print("\nWhat is counted:\n")
    for contender in (NO_AUTH, *contenders):
        print(f"- {contender.name}: {contender.counted}")


if __name__ == "__main__":
    main()
