"""Attacking an application with the settings that it has in production."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from asgi_jwks import (
    AccessTokenVerifier,
    JWTBearerMiddleware,
    SharedSecret,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.testing import MockIssuer
from asgi_jwks.testing.attacks.corpus import ATTACKS
from asgi_jwks.testing.attacks.own_middleware import guard_of, trusting
from asgi_jwks.testing.attacks.run import AttackRunError, run_attacks

PRODUCTION = "https://tenant.eu.auth0.com/"
JWKS = MockIssuer().jwk_set()
SOME = [ATTACKS[name] for name in ("alg_none", "signed_by_a_stranger", "id_token_for_the_api")]


def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def protected(**options: Any) -> Starlette:
    given: dict[str, Any] = {
        "issuer": PRODUCTION,
        "audience": ["b", "a"],
        "keys": StaticJWKSet(JWKS),
        **options,
    }
    return Starlette(
        routes=[Route("/messages", hello)],
        middleware=[Middleware(CORSMiddleware), Middleware(JWTBearerMiddleware, **given)],
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"profile": "rfc9068"},
        {"required_claims": ["tenant", "sub"]},
        {"audience_claim": "client_id"},
        {"algorithms": ["ES256"]},
        {"algorithms": ["PS512", "EdDSA"]},
    ],
)
def test_the_mock_issuer_fits_the_rules_of_the_application(options: dict[str, Any]) -> None:
    app = protected(**options)
    with trusting(guard_of(app), path="/messages") as target:
        assert target.issuer.issuer == PRODUCTION
        assert target.issuer.audience == "a"
        report = run_attacks(app, target, SOME)
    assert report.got_through == (), report.summary()


def test_the_real_keys_are_back_afterwards() -> None:
    guard = guard_of(protected())
    [trusted] = guard.verifier._issuers.configured.values()
    real = trusted.keys
    with trusting(guard):
        assert trusted.keys is not real
    assert trusted.keys is real


def test_claims_that_the_application_checks_itself_can_be_given() -> None:
    app = protected(checks=[lambda token: token.claims.get("tenant") == "acme"])
    with trusting(guard_of(app), path="/messages") as target, pytest.raises(AttackRunError):
        run_attacks(app, target, SOME)
    with trusting(guard_of(app), path="/messages", claims={"tenant": "acme"}) as target:
        assert not run_attacks(app, target, SOME).got_through


def test_the_middleware_is_found_by_itself_and_inside() -> None:
    guard = JWTBearerMiddleware(
        protected(), issuer=PRODUCTION, audience="a", keys=StaticJWKSet(JWKS)
    )
    assert guard_of(guard) is guard
    built = protected()
    assert guard_of(built) is guard_of(built)


def test_an_application_without_the_middleware_is_refused() -> None:
    with pytest.raises(AttackRunError, match="a function instead that takes a MockIssuer"):
        guard_of(Starlette())


def test_a_ring_of_middleware_is_no_endless_loop() -> None:
    class Ring:
        app: Any

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    ring = Ring()
    ring.app = ring
    with pytest.raises(AttackRunError):
        guard_of(ring)


def test_shared_secrets_are_not_what_the_corpus_is_for() -> None:
    guard = guard_of(protected(keys=SharedSecret(b"s" * 32)))
    with pytest.raises(AttackRunError, match="HS256 only"), trusting(guard):
        pass


def test_an_application_that_only_resolves_issuers_has_none_to_replace() -> None:
    async def resolver(name: str) -> TrustedIssuer | None:
        return None

    verifier = AccessTokenVerifier(resolver=resolver)
    guard = JWTBearerMiddleware(hello, verifier=verifier)  # type: ignore[arg-type]  # never called
    with pytest.raises(AttackRunError, match="only a resolver"), trusting(guard):
        pass
