"""The demo as a value, for JSON; a report shows the same steps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from asgi_jwks.cli.demo.exchange import Exchange

__all__ = ["DemoResult", "DemoStep", "Record", "Reporter"]


class Reporter(Protocol):
    """Whoever is told of the demo as it goes."""

    def opening(self, *, api: str, issuer: str) -> None:
        """The servers are running."""

    def section(self, title: str) -> None:
        """Steps follow that belong together."""

    def step(self, title: str, exchange: Exchange, differences: Sequence[str]) -> None:
        """One request was answered."""

    def verdict(self, *, steps: int, wrong: int) -> None:
        """All requests were answered."""

    def next_steps(self) -> None:
        """The demo ends."""

    def own_app(self, *, issuer: str, audience: str) -> None:
        """The servers run on, for an app of the reader's."""

    def commands(self, commands: Iterable[tuple[str, str]]) -> None:
        """Commands to paste."""

    def note(self, text: str) -> None:
        """A sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStep:
    """One request of the demo.

    Attributes:
        section: the heading that it stands under.
        title: the situation.
        status: the status of the answer.
        error: the error code of the challenge, if there is one.
        fetches: how many requests to the JWKS endpoint it caused.
        differences: sentences for everything that is wrong about the answer.
    """

    section: str
    title: str
    status: int
    error: str | None
    fetches: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """All requests of the demo; `right` is whether every answer was.

    Attributes:
        right: whether every answer was right.
        steps: the requests in their order.
    """

    right: bool
    steps: tuple[DemoStep, ...]


class Record:
    """Keeps the steps; nothing is shown."""

    def __init__(self) -> None:
        self._section = ""
        self._steps: list[DemoStep] = []

    def result(self) -> DemoResult:
        """All steps until now."""
        return DemoResult(
            right=not any(step.differences for step in self._steps), steps=tuple(self._steps)
        )

    def section(self, title: str) -> None:
        """Steps follow that belong together."""
        self._section = title

    def step(self, title: str, exchange: Exchange, differences: Sequence[str]) -> None:
        """Keep one request."""
        self._steps.append(
            DemoStep(
                section=self._section,
                title=title,
                status=exchange.status,
                error=exchange.error,
                fetches=exchange.new_fetches,
                differences=tuple(differences),
            )
        )

    def opening(self, *, api: str, issuer: str) -> None:
        """Nothing is kept of it."""

    def verdict(self, *, steps: int, wrong: int) -> None:
        """Nothing is kept of it: the steps say it."""

    def next_steps(self) -> None:
        """Nothing is kept of it."""

    def own_app(self, *, issuer: str, audience: str) -> None:
        """Nothing is kept of it."""

    def commands(self, commands: Iterable[tuple[str, str]]) -> None:
        """Nothing is kept of it."""

    def note(self, text: str) -> None:
        """Nothing is kept of it."""
