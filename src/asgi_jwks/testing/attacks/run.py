"""Carrying out the attack corpus against an ASGI application, with its own settings.

It does not know pytest.

    issuer = MockIssuer(audience="https://api.example.com")
    report = run_attacks(create_app(issuer), target_for(issuer, path="/messages"))
    assert not report.got_through, report.summary()
"""

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import anyio
from starlette.types import ASGIApp

from asgi_jwks.testing.attacks.attack import Attack, Attempt, Target, bearer
from asgi_jwks.testing.attacks.corpus import attacks_on, publish_hostile_keys
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.attacks.themes.proofs import good_proof
from asgi_jwks.testing.proofs import ProofKey
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

# An application that answers so to a good token would answer so to every attack. 503 is that of
# keys that are unavailable.
_NOT_TAKEN: Final = frozenset({400, 401, 403, 503})

# Nobody asked the token anything: the router answered. 307 and 308 add or remove a slash.
_NOT_A_ROUTE: Final = frozenset({307, 308, 404, 405})

# A WebSocket that is closed before it is accepted is a 403 of the server (ASGI, websocket.close).
_CLOSED: Final = 403
_ACCEPTED: Final = 101


class AttackRunError(Exception):
    """The run would prove nothing; the message says how to change that."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an attack: the answer's status, or the application's exception.

    `status` is None where the application raised, and `fault` is then the exception. `preflight`
    says that the answer is that of a CORS policy (Fetch standard), which everybody gets and which
    does not come from an endpoint. The text says all in one line.
    """

    attack: Attack
    status: int | None
    fault: str | None = None
    preflight: bool = False

    @property
    def refused(self) -> bool:
        """Whether the application refused the request as it should."""
        return self.preflight or self.status in self.attack.refused_with

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
        """One line for each attack that got through, and the number of the others."""
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
    marks: Collection[str] = (),
    audience_claim: str = "aud",
    keys: HostileKeys | None = None,
    public_origin: str | None = None,
) -> Target:
    """The target in an application that trusts `issuer` and has not fetched its keys yet.

    Args:
        issuer: the mock issuer; the attacker's keys are added to its JWK Set.
        path: a path that needs a token.
        method: the method to ask for it with.
        claims: the claims of a good token besides iss, sub, aud, client_id, scope, jti, iat, exp.
        header: the members of its JOSE header besides alg, typ and kid.
        marks: the names of those claims that prove an access token of the issuer.
        audience_claim: the claim that names the API.
        keys: the attacker's keys; new ones unless given, which are slow to make.
        public_origin: that of `DPoP`, for an application that takes DPoP proofs.
    """
    return Target(
        issuer=issuer,
        keys=publish_hostile_keys(issuer, keys),
        path=path,
        method=method,
        claims=claims or {},
        header=header or {},
        marks=marks,
        audience_claim=audience_claim,
        public_origin=public_origin,
        proof_key=ProofKey(clock=issuer.clock),
    )


def run_attacks(app: ASGIApp, target: Target, attacks: Iterable[Attack] | None = None) -> Report:
    """Carry out attacks, all of the corpus that are on such a target unless given.

    Raises:
        AttackRunError: the target is not a route of the application, or a good token is refused.
    """

    async def carry_out_all() -> Report:
        await require_good_token(app, target)
        chosen = attacks_on(target) if attacks is None else attacks
        return Report(tuple([await carry_out(app, attack, target) for attack in chosen]))

    return anyio.run(carry_out_all)


async def carry_out(app: ASGIApp, attack: Attack, target: Target) -> Outcome:
    """Carry out one attack."""
    attempt = attack.build(target)
    try:
        answer = await _answer(app, attempt, target)
    # Whatever the application raises, a server would answer with 500: that is an outcome.
    except Exception as fault:
        return Outcome(attack, None, repr(fault))
    preflight = attempt.method == "OPTIONS" and answer.allows_methods
    return Outcome(attack, answer.status, preflight=preflight)


async def require_good_token(app: ASGIApp, target: Target) -> None:
    """Send a good token, which an application must take before an attack can prove anything.

    Raises:
        AttackRunError: the target is not a route of the application, or the token is refused.
    """
    try:
        answer = await _answer_to_a_good_token(app, target)
    except AttackRunError:
        raise
    except Exception:
        # The application got to see the request, and failed by itself; that is enough here.
        return
    if answer.status in _NOT_A_ROUTE:
        raise AttackRunError(
            f"The application has no route for {target.method} {target.path}: a good token was "
            f"answered with {answer.status}. Name the path of a route that needs a token, and its "
            "method if that is not GET."
        )
    if answer.status in _NOT_TAKEN:
        raise AttackRunError(
            f"A good token of {target.issuer.issuer} for {target.issuer.audience} was answered "
            f"with {answer.status} at {target.path}, so the attacks would prove nothing. The "
            "application must trust this mock issuer; if it demands further claims or scopes, name "
            "them."
        )


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    allows_methods: bool = False
    nonce: str | None = None


async def _answer_to_a_good_token(app: ASGIApp, target: Target) -> _Answer:
    """The answer to a good token, with its proof where the application takes DPoP."""
    if target.public_origin is None:
        return await _answer(app, bearer(target.token()), target)
    answer = await _answer(app, good_proof(target), target)
    if answer.nonce is None:
        return answer
    return await _answer(app, good_proof(target, answer.nonce), target)


async def _answer(app: ASGIApp, attempt: Attempt, target: Target) -> _Answer:
    """The answer to a request, as the server would send it."""
    scope = attempt.scope(target)
    incoming: list[Message] = (
        [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]
        if attempt.websocket
        else [{"type": "http.request", "body": attempt.body}, {"type": "http.disconnect"}]
    )
    answers: list[_Answer] = []

    async def receive() -> Message:
        return incoming.pop(0) if len(incoming) > 1 else incoming[0]

    async def send(message: Message) -> None:
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                fields = {name.lower(): value for name, value in message.get("headers", ())}
                nonce = fields.get(b"dpop-nonce")
                answers.append(
                    _Answer(
                        message["status"],
                        b"access-control-allow-methods" in fields,
                        None if nonce is None else nonce.decode("latin-1"),
                    )
                )
            case "websocket.accept":
                answers.append(_Answer(_ACCEPTED))
            case "websocket.close":
                answers.append(_Answer(_CLOSED))

    await app(scope, receive, send)
    if not answers:
        raise AttackRunError("The application did not answer.")
    return answers[0]
