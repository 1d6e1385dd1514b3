"""One request of the demo: how its answer must be, and how it was.

It does not know the requests that the demo consists of, nor how they are shown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx

from asgi_jwks.cli.demo.api import SimulatedClock
from asgi_jwks.testing import MockIssuer, ProofKey

__all__ = ["Exchange", "Expected", "Participants", "Proven", "Step"]

_ERROR: Final = re.compile(r'error="([a-z_]+)"')


@dataclass(frozen=True, slots=True)
class Proven:
    """A token and a DPoP proof for it (RFC 9449)."""

    token: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer.

    `new_fetches` are the requests to the JWKS endpoint that it caused, `fetches` all until then.
    """

    path: str
    token: str | None
    status: int
    phrase: str
    challenge: str | None
    retry_after: str | None
    body: str
    new_fetches: int
    fetches: int
    scheme: str = "Bearer"

    @property
    def error(self) -> str | None:
        """The error code of the challenge (RFC 6750, section 3.1), if it has one."""
        found = _ERROR.search(self.challenge or "")
        return found.group(1) if found else None


@dataclass(frozen=True, slots=True)
class Expected:
    """The right answer; `fetches` are the right numbers of requests to the JWKS endpoint."""

    status: int
    error: str | None = None
    challenge: bool = False
    fetches: range = range(1)

    def differences(self, exchange: Exchange) -> list[str]:
        """Sentences for everything that is wrong about an answer; none if it is right."""
        wrong = []
        if exchange.status != self.status:
            wrong.append(f"the status should be {self.status}")
        if (exchange.challenge is not None) != self.challenge:
            wrong.append(f"there should be {'a' if self.challenge else 'no'} WWW-Authenticate")
        if exchange.error != self.error:
            wrong.append(f"the error code should be {self.error}")
        if exchange.new_fetches not in self.fetches:
            span = f"{self.fetches[0]} to {self.fetches[-1]}"
            wrong.append(f"there should be {span} more JWKS fetches, not {exchange.new_fetches}")
        return wrong


@dataclass(frozen=True, slots=True)
class Participants:
    """Those who take part: the issuer, the API, and a client with a key.

    `client` leads to the API, and `clock` is the API's. `proven` are the requests that were sent
    with a proof, as a thief would have recorded them.
    """

    issuer: MockIssuer
    client: httpx.Client
    clock: SimulatedClock
    proof_key: ProofKey = field(default_factory=ProofKey)
    proven: list[Proven] = field(default_factory=list)

    def get(self, path: str, presented: str | Proven | None) -> Exchange:
        """Send one GET to the API, over real HTTP."""
        before = self.issuer.jwks.count
        token, scheme, headers = None, "Bearer", {}
        if isinstance(presented, Proven):
            self.proven.append(presented)
            token, scheme, headers = presented.token, "DPoP", {"DPoP": presented.proof}
        elif presented is not None:
            token = presented
        if token is not None:
            headers = {"Authorization": f"{scheme} {token}", **headers}
        response = self.client.get(path, headers=headers)
        after = self.issuer.jwks.count
        return Exchange(
            path=path,
            token=token,
            status=response.status_code,
            phrase=response.reason_phrase,
            challenge=_challenge(response, "" if token is None else scheme),
            retry_after=response.headers.get("Retry-After"),
            body=response.text,
            new_fetches=after - before,
            fetches=after,
            scheme=scheme,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One request; `token` makes the token, and brings about the situation of the title.

    The token comes with its proof where it has one.
    """

    title: str
    token: Callable[[Participants], str | Proven | None]
    expected: Expected
    path: str = "/me"

    def run(self, participants: Participants) -> Exchange:
        """Bring about the situation and send the request."""
        return participants.get(self.path, self.token(participants))


def _challenge(response: httpx.Response, scheme: str) -> str | None:
    """The challenges for a scheme, each from a field of its own; None without any."""
    challenges = response.headers.get_list("WWW-Authenticate")
    return ", ".join(one for one in challenges if one.startswith(scheme)) or None
