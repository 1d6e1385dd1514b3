"""A source of cached values, as it is asked and as it answers.

This module does not know how a source is reached.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

__all__ = ["Load", "Loaded", "asked_to_wait"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """A value as its source gave it.

    Attributes:
        value: the value.
        advised: seconds for which the source says that it stays fresh; None if it does not say.
        representation: for the next load of the same source, which gets it back unread.
    """

    value: T
    advised: float | None = None
    representation: object = None


class Load(Protocol[T]):
    """One fetch of the value; raises whatever makes it a failed one."""

    async def __call__(
        self, previous: Loaded[T] | None, /, *, attempts: int, revalidate: bool
    ) -> Loaded[T]:
        """Fetch the value.

        Args:
            previous: what the last fetch brought.
            attempts: how often the source may be asked.
            revalidate: caches on the way must ask the source itself (RFC 9111, section 5.2.1.4).
        """
        ...


def asked_to_wait(error: BaseException | None) -> float | None:
    """Seconds of the pause that the source asked for, by the error or its causes."""
    while error is not None:
        seconds = getattr(error, "asked_to_wait", None)
        if isinstance(seconds, float | int):
            return float(seconds)
        error = error.__cause__
    return None
