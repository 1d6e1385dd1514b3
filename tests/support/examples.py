"""How many examples a property test tries: many in `.ci/run`, some by the README's command.

`.ci/run` gives `--hypothesis-profile=many`; whoever works on a room gives it for that room.
"""

from typing import Any, Final

from hypothesis import settings

__all__ = ["MANY", "examples"]

MANY: Final = "many"

# Without the profile, a part of them: a fault that most examples show is found by these as well.
_PART: Final = 5

settings.register_profile(MANY, settings.get_profile("default"))


def examples(number: int, **others: Any) -> settings:
    """Settings of a test that tries this many examples under the profile, else a fifth of them.

    Args:
        number: how many under the profile.
        others: further settings.
    """
    has_many = settings.get_current_profile_name() == MANY
    return settings(max_examples=number if has_many else number // _PART, deadline=None, **others)
