"""Capacity over real sockets: uvicorn and wrk, with and without authentication.

    uv run --isolated --python 3.12 --group bench python -m tests.benchmarks.over_sockets

What lives only here: the command, its rounds, and which core does what.
What it does not know: what the server does with a token.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from .cases import everyday_cases
from .contenders import CONTENDERS, NO_AUTH, Contender, Trust
from .driver import bare_app
from .jwks_endpoint import serving
from .machine import installed, machine_state
from .served import serving_contender
from .table import markdown, plain
from .tokens import AUDIENCE, ISSUER, Mint
from .wrk import CONNECTIONS, Load

_WARM_UP_REQUESTS = 100
_DEFAULT = [NO_AUTH.name, "asgi-jwks", "PyJWT tutorial"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """One round: requests per second as wrk counted them, and per second of the server's CPU time.

    The two agree on an idle machine. Where others share the cores, the second one still holds.
    """

    per_second: float
    per_cpu_second: float


@dataclass(frozen=True, slots=True)
class _Issued:
    """What a server needs before it is measured: where the keys are, and a token to try."""

    jwks_uri: str
    token: bytes


Capacities = dict[str, dict[str, list[Capacity]]]


class _Running:
    """A server under load: one contender in one case."""

    def __init__(self, name: str, case: str, load: Load, port: int, process: int) -> None:
        self._name = name
        self._case = case
        self._load = load
        self._port = port
        self._process = process

    def warm_up(self, token: bytes) -> None:
        """Fetch the keys, and see every token that is not meant to be new."""
        connection = HTTPConnection("127.0.0.1", self._port)
        headers = {"Authorization": f"Bearer {token.decode()}"}
        for _ in range(_WARM_UP_REQUESTS):
            connection.request("GET", "/documents/42", headers=headers)
            connection.getresponse().read()
        connection.close()
        if not self._load.once:
            self._load.offer(self._port, seconds=2)

    def capacity(self, seconds: int) -> Capacity:
        """One round. What makes its figure worthless is said on standard error."""
        before = _cpu_seconds(self._process)
        counted = self._load.offer(self._port, seconds)
        spent = _cpu_seconds(self._process) - before
        if counted.refused or counted.broken:
            _say(f"{self._name}, {self._case}: not every answer was a 200: {counted}")
        if self._load.once and counted.laps and self._name != NO_AUTH.name:
            _say(f"{self._name}, {self._case}: the new tokens ran out; mint more")
        return Capacity(counted.requests * 1e6 / counted.microseconds, counted.requests / spent)


def measure(
    contenders: Sequence[str], loads: Mapping[str, Load], seconds: int, rounds: int, issued: _Issued
) -> Capacities:
    """The capacity of each contender in each case, once a round, the contenders taking turns.

    Servers live through all rounds of a case, except where tokens must be new: there each round
    has servers of its own, since the last ones know the tokens.
    """
    found: Capacities = {case: {name: [] for name in contenders} for case in loads}
    for case, load in loads.items():
        with ExitStack() as servers:
            for number in range(rounds):
                if number == 0 or load.once:
                    servers.close()
                    running = {
                        name: servers.enter_context(_started(name, case, load, issued))
                        for name in contenders
                    }
                # Whoever comes first finds a colder machine: every other round runs backwards.
                for name in contenders if number % 2 == 0 else reversed(contenders):
                    found[case][name].append(running[name].capacity(seconds))
        _say(f"{case}: done")
    return found


@contextmanager
def _started(name: str, case: str, load: Load, issued: _Issued) -> Iterator[_Running]:
    with serving_contender(name, issued.jwks_uri) as (port, process):
        _pin(process, 0)
        server = _Running(name, case, load, port, process)
        server.warm_up(issued.token)
        yield server


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _cpu_seconds(process: int) -> float:
    # Fields 14 and 15 of proc(5): user and system time of all threads. The second field is the
    # command in parentheses and may hold spaces.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pin(process: int, core: int) -> None:
    # The server has the first core to itself and wrk the second; else both wander.
    with suppress(OSError, AttributeError):
        os.sched_setaffinity(process, {core})


def _rows(
    unit: str, rates: Mapping[str, Mapping[str, Sequence[float]]], contenders: Sequence[str]
) -> list[list[str]]:
    rows = [[f"share of requests per {unit}", *contenders]]
    for case, by_name in rates.items():
        floor = by_name[NO_AUTH.name]
        cells = []
        for name in contenders:
            shares = [own / none for own, none in zip(by_name[name], floor, strict=True)]
            rate = statistics.median(by_name[name])
            cells.append(f"{statistics.median(shares):.2f} ({rate:,.0f})")
        rows.append([case, *cells])
    return rows


def _rates(
    capacities: Capacities, rate: Callable[[Capacity], float]
) -> dict[str, dict[str, list[float]]]:
    return {
        case: {name: [rate(capacity) for capacity in rounds] for name, rounds in by_name.items()}
        for case, by_name in capacities.items()
    }


def _loads(mint: Mint, folder: Path, new_tokens: int) -> dict[str, Load]:
    loads = {}
    for number, case in enumerate(everyday_cases(mint, new_tokens)):
        tokens = [token for token in case.tokens if token is not None]
        loads[case.name] = Load(folder / f"{number}.txt", tokens, once=case.once)
    return loads


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="over_sockets", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="of each round")
    parser.add_argument("--tokens", type=int, default=30_000, help="new tokens to mint")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=_DEFAULT[1:])
    layout = parser.add_mutually_exclusive_group()
    layout.add_argument("--markdown", action="store_true", help="a table for a README")
    layout.add_argument("--json", action="store_true", help="every round's requests per second")
    return parser.parse_args()


def _importable(contender: Contender, jwks_uri: str) -> bool:
    try:
        contender.wrap(bare_app, Trust(ISSUER, AUDIENCE, jwks_uri))
    except ImportError as error:
        _say(f"{contender.name} is left out: {error}")
        return False
    return True


def main() -> None:
    """Measure and print, as shares of the capacity without authentication."""
    arguments = _arguments()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; it is the package `wrk` in Debian and Homebrew")
    mint = Mint()
    with serving(mint.jwks()) as jwks_uri, TemporaryDirectory() as folder:
        chosen = [c for c in CONTENDERS if c.name in arguments.only and _importable(c, jwks_uri)]
        contenders = [NO_AUTH.name, *(contender.name for contender in chosen)]
        loads = _loads(mint, Path(folder), arguments.tokens)
        issued = _Issued(jwks_uri, *mint.tokens(1))
        _pin(os.getpid(), 1)
        before = machine_state(["uvicorn", *(c.distribution for c in chosen if c.distribution)])
        before["server"] = f"httptools {installed('httptools')}, uvloop {installed('uvloop')}"
        before["load"] = f"wrk, 1 thread, {CONNECTIONS} connections"
        capacities = measure(contenders, loads, arguments.seconds, arguments.rounds, issued)
    tables = {
        "second": _rates(capacities, lambda capacity: capacity.per_second),
        "CPU second of the server": _rates(capacities, lambda capacity: capacity.per_cpu_second),
    }
    if arguments.json:
        print(json.dumps({"machine": before, "requests_per": tables}, indent=2))
        return
    for key, value in before.items():
        print(f"{key}: {value}")
    layout = markdown if arguments.markdown else plain
    for unit, rates in tables.items():
        print("\n" + layout(_rows(unit, rates, contenders)))


if __name__ == "__main__":
    main()
