"""Carrying out the attack corpus against an ASGI application, with its own settings.

What lives only here: how an attacker's request is sent, and what counts as getting through. What
it does not know: the attacks themselves, and pytest.

    issuer = MockIssuer(audience="https://api.example.com")
    report = run_attacks(create_app(issuer), target_for(issuer, path="/messages"))
    assert not report.got_through, report.summary()
"""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import anyio
from starlette.types import ASGIApp

from asgi_jwks.testing.attacks.attack import Attack, Attempt, Target, bearer
from asgi_jwks.testing.attacks.corpus import ATTACKS, publish_hostile_keys
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.provider.mock_issuer import MockIssuer

__all__ = [
    "AttackRunError",
    "Outcome",
    "Report",
    "carry_out",
    "require_good_token",
    "run_attacks",
    "target_for",
]

Message = MutableMapping[str, Any]

# Refusals, and "our keys cannot be had": an application that answers so to a good token would
# answer so to every attack.
_NOT_LET_IN: Final = frozenset({400, 401, 403, 503})

# What a server makes of a WebSocket that is closed before it is accepted (ASGI, websocket.close).
_CLOSED: Final = 403
_ACCEPTED: Final = 101


class AttackRunError(Exception):
    """The run would prove nothing; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attack: the status of the answer, or None and what the application raised.

    Its text says so in one line.
    """

    attack: Attack
    status: int | None
    fault: str | None = None

    @property
    def refused(self) -> bool:
        """Whether the application refused the request as it should."""
        return self.status in self.attack.refused_with

    def __str__(self) -> str:
        answer = f"raised {self.fault}" if self.status is None else f"answered {self.status}"
        rules = ", ".join(self.attack.requirements)
        return f"{self.attack.name}: {self.attack.summary} ({rules}); the application {answer}"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of every attack of a run."""

    outcomes: tuple[Outcome, ...]

    @property
    def got_through(self) -> tuple[Outcome, ...]:
        """The attacks that were not refused; those that broke the application are among them."""
        return tuple(outcome for outcome in self.outcomes if not outcome.refused)

    def summary(self) -> str:
        """One line for each attack that got through, and how many did not."""
        refused = len(self.outcomes) - len(self.got_through)
        lines = [str(outcome) for outcome in self.got_through]
        return "\n".join([*lines, f"{refused} of {len(self.outcomes)} attacks were refused"])


def target_for(
    issuer: MockIssuer,
    *,
    path: str = "/",
    method: str = "GET",
    claims: Mapping[str, object] | None = None,
    header: Mapping[str, object] | None = None,
    keys: HostileKeys | None = None,
) -> Target:
    """The target in an application that trusts `issuer` and has not fetched its keys yet.

    Args:
        issuer: the mock issuer; the attacker's keys are added to its JWK Set.
        path: a path that needs a token.
        method: the method to ask for it with.
        claims: what a good token has besides iss, sub, aud, client_id, scope, jti, iat and exp.
        header: what its JOSE header has besides alg, typ and kid.
        keys: the attacker's keys; new ones unless given, which takes some tenths of a second.
    """
    return Target(
        issuer=issuer,
        keys=publish_hostile_keys(issuer, keys),
        path=path,
        method=method,
        claims=claims or {},
        header=header or {},
    )


def run_attacks(
    app: ASGIApp, target: Target, attacks: Iterable[Attack] = tuple(ATTACKS.values())
) -> Report:
    """Carry out attacks, all of the corpus unless given.

    Raises:
        AttackRunError: the application refuses a good token, so that it would refuse everything.
    """

    async def carry_out_all() -> Report:
        await require_good_token(app, target)
        return Report(tuple([await carry_out(app, attack, target) for attack in attacks]))

    return anyio.run(carry_out_all)


async def carry_out(app: ASGIApp, attack: Attack, target: Target) -> Outcome:
    """Carry out one attack."""
    attempt = attack.build(target)
    try:
        return Outcome(attack, await _status(app, attempt, target))
    # Whatever the application raises, a server would answer with 500: that is an outcome.
    except Exception as fault:
        return Outcome(attack, None, repr(fault))


async def require_good_token(app: ASGIApp, target: Target) -> None:
    """Send a good token.

    Raises:
        AttackRunError: it is refused.
    """
    try:
        status = await _status(app, bearer(target.token()), target)
    except Exception:
        # The application got to see the request, and failed by itself; that is enough here.
        return
    if status in _NOT_LET_IN:
        raise AttackRunError(
            f"A good token of {target.issuer.issuer} for {target.issuer.audience} was answered "
            f"with {status} at {target.path}, so the attacks would prove nothing. The application "
            "must trust this mock issuer; if it demands further claims or scopes, name them."
        )


async def _status(app: ASGIApp, attempt: Attempt, target: Target) -> int:
    """The status of the answer to a request, as the server would send it."""
    scope = attempt.scope(target)
    incoming: list[Message] = (
        [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]
        if attempt.websocket
        else [{"type": "http.request", "body": attempt.body}, {"type": "http.disconnect"}]
    )
    statuses: list[int] = []

    async def receive() -> Message:
        return incoming.pop(0) if len(incoming) > 1 else incoming[0]

    async def send(message: Message) -> None:
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                statuses.append(message["status"])
            case "websocket.accept":
                statuses.append(_ACCEPTED)
            case "websocket.close":
                statuses.append(_CLOSED)

    await app(scope, receive, send)
    if not statuses:
        raise AttackRunError("the application did not answer")
    return statuses[0]
