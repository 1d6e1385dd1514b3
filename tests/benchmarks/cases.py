"""The cases: which tokens are sent, what must be answered, and what has to happen before.

What lives only here: the list of cases and the order of their tokens.
What it does not know: how time is measured, and which contender is at work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

from .tokens import (
    LIFETIME,
    Mint,
    RawVerification,
    with_bad_signatures,
    with_unknown_kids,
    zipf_indexes,
)

# The first tokens of a case are for warming up and are not measured; a cold case needs them too,
# because the first fetch, the first import and the first compiled pattern are no cold token.
WARM_UP: Final = 32

_REFUSED_POOL: Final = 512  # different tokens of a kind that never enters anybody's cache
_ZIPF_POPULATION: Final = 1000


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table.

    `once` says that no token may be sent twice to a contender; otherwise the sequence repeats.
    `seen_before` are tokens to be accepted before the clock starts; there is at least one, so that
    everybody's keys are at hand. `hours_later` moves the
    contender's own wall clock between those and the measurement; a contender that does not let
    its clock be set has no such row.
    """

    name: str
    status: int
    tokens: Sequence[bytes | None]
    seen_before: Sequence[bytes]
    unit: RawVerification
    once: bool = False
    hours_later: int = 0


class Stream:
    """The tokens of one case for one contender, in order; each contender has its own."""

    def __init__(self, case: Case) -> None:
        self._tokens = iter(case.tokens) if case.once else cycle(case.tokens)

    def take(self, count: int) -> list[bytes | None]:
        """The next `count` tokens; fewer only where a case of new tokens has run out."""
        return list(islice(self._tokens, count))


def everyday_cases(mint: Mint, new_tokens: int) -> tuple[Case, Case, Case]:
    """One hot token, many known ones, and `new_tokens` that are each seen once."""
    known = mint.tokens(_ZIPF_POPULATION)
    new = mint.tokens(new_tokens + WARM_UP)
    unit = mint.raw_verification(known[0])
    zipf = [known[index] for index in zipf_indexes(_ZIPF_POPULATION, 20_000)]
    return (
        Case("hot token", 200, known[:1], known[:1], unit),
        Case("1,000 tokens by Zipf", 200, zipf, known, unit),
        Case("all new tokens", 200, new, known[:1], unit, once=True),
    )


def all_cases(mint: Mint, new_tokens: int) -> list[Case]:
    """Every case, with `new_tokens` tokens to be seen once, of either size."""
    hot, zipf, new = everyday_cases(mint, new_tokens)
    unit, seen = hot.unit, hot.seen_before
    refused = mint.tokens(_REFUSED_POOL)
    expired = mint.tokens(_REFUSED_POOL, lifetime=-3600)
    large = mint.tokens(new_tokens + WARM_UP, large=True)
    hot_large = mint.tokens(1, large=True)
    large_unit = mint.raw_verification(large[0])
    later = LIFETIME // 3600 + 1
    return [
        hot,
        zipf,
        new,
        Case("bad signature", 401, with_bad_signatures(refused), seen, unit),
        Case("expired, never seen", 401, expired, seen, unit),
        Case("expired since verified", 401, refused, refused, unit, hours_later=later),
        Case("unknown kid, budget spent", 401, with_unknown_kids(refused), seen, unit),
        Case("no token", 401, [None], seen, unit),
        Case("large token, hot", 200, hot_large, hot_large, large_unit),
        Case("large tokens, all new", 200, large, seen, large_unit, once=True),
    ]
