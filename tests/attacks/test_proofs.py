"""The attacks on proofs, carried out one by one against a middleware that takes DPoP."""

from typing import Any

import anyio
import pytest

from asgi_jwks import AsgiJwksError, DPoP, JWTBearerMiddleware, Reason, RequestError, StaticJWKSet
from asgi_jwks.testing import MockIssuer, SigningKey
from asgi_jwks.testing.attacks.attack import Attack, Target
from asgi_jwks.testing.attacks.corpus import ATTACKS, PROOF_ATTACKS
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.attacks.run import carry_out, target_for
from asgi_jwks.testing.attacks.themes.proofs import good_proof

ORIGIN = "https://api.example.com"


@pytest.fixture(scope="module")
def keys() -> tuple[SigningKey, HostileKeys]:
    return SigningKey.generate(), HostileKeys()


class Guarded:
    """An application behind a new middleware, and what it was asked."""

    def __init__(self, keys: tuple[SigningKey, HostileKeys]) -> None:
        issuer = MockIssuer(key=keys[0])
        self.target: Target = target_for(issuer, path="/admin", keys=keys[1], public_origin=ORIGIN)
        self.let_in = 0
        self.refusals: list[AsgiJwksError] = []
        self.app: Any = JWTBearerMiddleware(
            self._app,
            issuer=issuer.issuer,
            audience=issuer.audience,
            keys=StaticJWKSet(issuer.jwk_set()),
            dpop=DPoP(public_origin=ORIGIN),
            on_refused=lambda error, _scope: self.refusals.append(error),
        )

    async def _app(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.let_in += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def verdict(self, attack: Attack) -> str:
        outcome = anyio.run(carry_out, self.app, attack, self.target)
        if not self.refusals:
            return f"not refused: {outcome}"
        [error] = self.refusals
        reason = error.reason.value if isinstance(error, RequestError) else repr(error)
        return f"{outcome.status} {reason}"


@pytest.mark.parametrize("attack", PROOF_ATTACKS.values(), ids=PROOF_ATTACKS.keys())
def test_the_attack_ends_with_its_reason(
    attack: Attack, keys: tuple[SigningKey, HostileKeys]
) -> None:
    """I18: the numbers of the rules that an attack tries are in the corpus."""
    guarded = Guarded(keys)
    assert guarded.verdict(attack) == f"{attack.status} {attack.reason}"
    assert guarded.let_in == 0


def test_a_good_proof_gets_through_once(keys: tuple[SigningKey, HostileKeys]) -> None:
    """I11, I18: so that a refusal means something; and the same request again is a replay."""
    guarded = Guarded(keys)
    attempt = good_proof(guarded.target)
    again = Attack("again", "the same request", (), "replayed_proof", lambda _target: attempt)
    assert guarded.verdict(again).startswith("not refused")
    assert guarded.verdict(again) == "401 replayed_proof"
    assert guarded.let_in == 1


def test_there_are_forty_attacks_with_names_of_their_own() -> None:
    """I18: at least 40."""
    assert len(PROOF_ATTACKS) >= 40
    assert not PROOF_ATTACKS.keys() & ATTACKS.keys()
    reasons = {reason.value for reason in Reason}
    assert {a.name for a in PROOF_ATTACKS.values() if a.reason not in reasons} == set()
