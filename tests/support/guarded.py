"""An application behind a new middleware that trusts a new issuer, for one attack."""

from typing import Any

import anyio

from asgi_jwks import AsgiJwksError, JWTBearerMiddleware, RequestError, StaticJWKSet
from asgi_jwks.testing import MockIssuer, SigningKey
from asgi_jwks.testing.attacks.attack import Attack, Target
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.attacks.run import carry_out, target_for

__all__ = ["Guarded", "Keys"]

Keys = tuple[SigningKey, HostileKeys]
"""The key of the issuer and those of the attacker: slow to make, and never changed."""


class Guarded:
    """The application, and the requests and refusals that it has seen.

    Args:
        keys: of the issuer and of the attacker.
        public_origin: where clients reach it, for attacks on proofs.
        options: of the middleware.
    """

    def __init__(self, keys: Keys, *, public_origin: str | None = None, **options: Any) -> None:
        issuer_key, hostile_keys = keys
        issuer = MockIssuer(key=issuer_key)
        self.target: Target = target_for(
            issuer, path="/admin", keys=hostile_keys, public_origin=public_origin
        )
        self.let_in = 0
        self.refusals: list[AsgiJwksError] = []
        self.app: Any = JWTBearerMiddleware(
            self._app,
            issuer=issuer.issuer,
            audience=issuer.audience,
            keys=StaticJWKSet(issuer.jwk_set()),
            on_refused=lambda error, _scope: self.refusals.append(error),
            **options,
        )

    async def _app(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.let_in += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def verdict(self, attack: Attack) -> str:
        """How an attack ended, in one line: the status and the reason, or what went wrong."""
        before = self.let_in
        outcome = anyio.run(carry_out, self.app, attack, self.target)
        if self.let_in != before or not self.refusals:
            return f"not refused: {outcome}"
        [error] = self.refusals
        reason = error.reason.value if isinstance(error, RequestError) else repr(error)
        return f"{outcome.status if outcome.fault is None else outcome} {reason}"
