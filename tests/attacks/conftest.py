"""The application that all attacks of this folder are carried out against."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from asgi_jwks import JWTBearerMiddleware, KeySetError, Reason, RequestError, StaticJWKSet
from asgi_jwks.testing import MockIssuer
from asgi_jwks.testing.attacks.attack import Target
from asgi_jwks.testing.attacks.corpus import ATTACKS
from asgi_jwks.testing.attacks.run import carry_out, require_good_token, target_for

OutcomeOf = Callable[[str], tuple[int | None, Reason]]


@pytest.fixture(scope="session")
def target() -> Target:
    """An issuer whose JWK Set holds the attacker's keys as well, and the path /admin."""
    return target_for(MockIssuer(), path="/admin")


@pytest.fixture(scope="session")
def outcome_of(target: Target) -> OutcomeOf:
    """Carries out the attack of a name: the status of the answer, and the reason of the refusal.

    It fails if the application gets to see the request.
    """
    seen: list[object] = []
    refusals: list[RequestError | KeySetError] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guard: Any = JWTBearerMiddleware(
        app,
        issuer=target.issuer.issuer,
        audience=target.issuer.audience,
        keys=StaticJWKSet(target.issuer.jwk_set()),
        public_paths=["/health", "/static/*"],
        on_refused=lambda error, scope: refusals.append(error),
    )
    anyio.run(require_good_token, guard, target)
    assert len(seen) == 1

    def outcome_of(name: str) -> tuple[int | None, Reason]:
        refusals.clear()
        outcome = anyio.run(carry_out, guard, ATTACKS[name], target)
        assert outcome.refused, str(outcome)
        assert len(seen) == 1, "the application saw the request"
        [error] = refusals
        assert isinstance(error, RequestError)
        return outcome.status, error.reason

    return outcome_of
