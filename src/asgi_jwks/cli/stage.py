"""One request of the demo: what it should lead to, and what it led to.

What lives only here: playing a step and judging the answer. What it does not know: which steps
there are, and how they are shown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from asgi_jwks.cli.api import AdjustableClock
from asgi_jwks.testing import MockIssuer

__all__ = ["Exchange", "Expected", "Stage", "Step"]

_ERROR = re.compile(r'error="([a-z_]+)"')


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. `fetches` is how many JWKS requests there have been by then."""

    path: str
    token: str | None
    status: int
    phrase: str
    challenge: str | None
    retry_after: str | None
    body: str
    new_fetches: int
    fetches: int

    @property
    def error(self) -> str | None:
        """The error code of the challenge (RFC 6750, section 3.1), if it has one."""
        found = _ERROR.search(self.challenge or "")
        return found.group(1) if found else None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the answer must be. `fetches` holds the numbers of JWKS requests that are right."""

    status: int
    error: str | None = None
    challenge: bool = False
    fetches: range = range(1)

    def differences(self, exchange: Exchange) -> list[str]:
        """What is wrong about an answer, in words; nothing if it is right."""
        wrong = []
        if exchange.status != self.status:
            wrong.append(f"the status should be {self.status}")
        if (exchange.challenge is not None) != self.challenge:
            wrong.append(f"there should be {'a' if self.challenge else 'no'} WWW-Authenticate")
        if exchange.error != self.error:
            wrong.append(f"the error code should be {self.error}")
        if exchange.new_fetches not in self.fetches:
            span = f"{self.fetches[0]} to {self.fetches[-1]}"
            wrong.append(f"there should be {span} more JWKS requests, not {exchange.new_fetches}")
        return wrong


@dataclass(frozen=True, slots=True)
class Stage:
    """The mock issuer, the API behind `client`, and the clock of the API."""

    issuer: MockIssuer
    client: httpx.Client
    clock: AdjustableClock

    def request(self, path: str, token: str | None) -> Exchange:
        """One GET, over real HTTP."""
        before = self.issuer.jwks.count
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        response = self.client.get(path, headers=headers)
        after = self.issuer.jwks.count
        return Exchange(
            path=path,
            token=token,
            status=response.status_code,
            phrase=response.reason_phrase,
            challenge=response.headers.get("WWW-Authenticate"),
            retry_after=response.headers.get("Retry-After"),
            body=response.text,
            new_fetches=after - before,
            fetches=after,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One request: `token` makes the token and changes the world as the title says."""

    title: str
    token: Callable[[Stage], str | None]
    expected: Expected
    path: str = "/me"

    def play(self, stage: Stage) -> Exchange:
        """Do it."""
        return stage.request(self.path, self.token(stage))
