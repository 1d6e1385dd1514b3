"""`python -m tests.mutation.run jose tokens asgi`: mutate rooms, and say which mutants survived.

What lives only here: which modules belong to a room, which tests are asked, and the report.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutation.operators import Mutant, mutants_of
from tests.mutation.trial import Tree, copied_tree

CHECKOUT: Final = Path(__file__).parents[2]
PACKAGE: Final = Path("src/asgi_jwks")

# Modules whose rules are proved by the tests of another one.
PROVED_BY: Final = {"headers.py": "policy", "answer.py": "middleware"}
# The names in the corpus of attacks are compared with a table, which no mutant changes.
LEFT_OUT: Final = "--ignore=tests/attacks/test_the_corpus.py"
# Random input, and background tasks: slow, and seldom the only ones to notice.
SLOW: Final = ("*_properties.py", "test_differential.py", "test_lifespan.py")
ATTACKED_ROOMS: Final = frozenset({"tokens", "asgi"})
# asgi/lifespan.py starts and stops background tasks: its tests are about time and cancellation.
NOT_MUTATED: Final = frozenset({"__init__.py", "lifespan.py"})


@dataclass(frozen=True, slots=True)
class Stage:
    """Some tests, and the seconds that they may take."""

    arguments: tuple[str, ...]
    timeout: float


def stages_of(tree: Tree, room: str, module: str) -> list[tuple[str, ...]]:
    """The tests to ask, the likeliest first: the module's own, the room's, the rest."""
    folder = f"tests/{room}"
    own = f"{folder}/test_{PROVED_BY.get(module, module.removesuffix('.py'))}.py"
    slow = [
        str(path.relative_to(tree.root))
        for pattern in SLOW
        for path in sorted((tree.root / folder).glob(pattern))
    ]
    rest = [*slow, "tests/attacks", LEFT_OUT] if room in ATTACKED_ROOMS else slow
    others = (folder, *(f"--ignore={path}" for path in (own, *slow)))
    return [stage for stage in ((own,), others, tuple(rest)) if stage]


def timed(tree: Tree, stages: Sequence[tuple[str, ...]]) -> list[Stage]:
    """The stages with their time limits; the tests must pass while nothing is changed."""
    measured = []
    for arguments in stages:
        started = time.monotonic()
        if not tree.tests_pass(arguments, timeout=300):
            sys.exit(f"the tests fail without any mutant: {arguments}\n{tree.output}")
        measured.append(Stage(arguments, 10 + 4 * (time.monotonic() - started)))
    return measured


def survives(tree: Tree, module: Path, mutant: Mutant, stages: Sequence[Stage]) -> bool:
    """Whether no test notices the mutant."""
    with tree.changed(module, mutant.source):
        return all(tree.tests_pass(stage.arguments, timeout=stage.timeout) for stage in stages)


def chosen(
    tree: Tree, room: str, only: Sequence[str], sample: int, offset: int
) -> Iterator[tuple[str, Mutant]]:
    """The mutants of a room, or an even sample of them, each with the name of its module."""
    found = [
        (path.name, mutant)
        for path in sorted((tree.root / PACKAGE / room).glob("*.py"))
        if path.name not in NOT_MUTATED and (not only or path.name in only)
        for mutant in mutants_of(path.read_text(encoding="utf-8"))
    ]
    every = 1 if not sample else max(1, -(-len(found) // sample))
    print(f"{room}: {len(found)} mutants, every {every} is tried", flush=True)
    yield from found[offset::every]


def main() -> None:
    """Try the mutants of the rooms named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=["jose", "tokens", "asgi"])
    parser.add_argument("--only", action="append", default=[], help="a module, such as jws.py")
    parser.add_argument("--offset", type=int, default=0, help="which of the samples")
    parser.add_argument("--again", type=Path, help="only the survivors in this earlier report")
    parser.add_argument("--sample", type=int, default=0, help="try about this many per room")
    options = parser.parse_args()
    earlier = options.again.read_text(encoding="utf-8").splitlines() if options.again else None
    with copied_tree(CHECKOUT) as tree:
        for room in options.rooms:
            tried: dict[str, list[bool]] = {}
            stages: dict[str, list[Stage]] = {}
            started = time.monotonic()
            for module, mutant in chosen(tree, room, options.only, options.sample, options.offset):
                line = f"survived  {room}/{module}:{mutant.line}  {mutant.change}"
                if earlier is not None and line not in earlier:
                    continue
                if module not in stages:
                    stages[module] = timed(tree, stages_of(tree, room, module))
                survived = survives(tree, PACKAGE / room / module, mutant, stages[module])
                tried.setdefault(module, []).append(survived)
                if survived:
                    print(line, flush=True)
            for module, verdicts in tried.items():
                print(f"{room}/{module}: {verdicts.count(False)} of {len(verdicts)} killed")
            verdicts = [verdict for each in tried.values() for verdict in each]
            killed = verdicts.count(False)
            share = killed / max(1, len(verdicts))
            print(
                f"{room}: {killed} of {len(verdicts)} killed, {share:.1%}, "
                f"in {(time.monotonic() - started) / 60:.0f} minutes",
                flush=True,
            )


if __name__ == "__main__":
    main()
