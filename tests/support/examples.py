"""How much the slow tests try: much in `.ci/run`, some of it by the README's command.

`.ci/run` gives `--hypothesis-profile=many`; whoever works on a room gives it for that room. Either
way a run has the same examples as the last one, so that it judges a change and nothing else;
`--hypothesis-profile=others` seeks as many others, new ones each time.
"""

from collections.abc import Iterable
from typing import Any, Final

import pytest
from hypothesis import settings

__all__ = ["MANY", "examples", "number_of_examples", "only_in_ci", "some_of"]

MANY: Final = "many"
OTHERS: Final = "others"

# Without the profile, a part of them: a fault that most examples show is found by these as well.
_PART: Final = 8

# A deadline for one example would tell how busy the machine is.
settings.register_profile(OTHERS, deadline=None, derandomize=False)
settings.register_profile(MANY, deadline=None, derandomize=True)
settings.register_profile("some", max_examples=100 // _PART, deadline=None, derandomize=True)
# Before the option is read, which may name the other one.
settings.load_profile("some")


def _has_many() -> bool:
    return settings.get_current_profile_name() in {MANY, OTHERS}


def number_of_examples(number: int) -> int:
    """This many under the profiles of many, else an eighth of them."""
    return number if _has_many() else max(1, number // _PART)


def examples(number: int, **others: Any) -> settings:
    """Settings of a test that tries so many examples; see `number_of_examples`.

    Args:
        number: how many under the profile.
        others: further settings.
    """
    return settings(max_examples=number_of_examples(number), deadline=None, **others)


def some_of(cases: Iterable[str], *chosen: str) -> list[str]:
    """All cases of a slow test under the profiles of many, else those that are chosen for it."""
    return list(cases) if _has_many() else list(chosen)


def only_in_ci() -> pytest.MarkDecorator:
    """For a test of real servers that takes many seconds."""
    return pytest.mark.skipif(
        not _has_many(), reason="it takes long: .ci/run has it, by --hypothesis-profile=many"
    )
