"""Attacking an application with the settings that it has in production."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.support.examples import some_of

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    JWTBearerMiddleware,
    SharedSecret,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer
from asgi_jwks.testing.attacks.attack import Target
from asgi_jwks.testing.attacks.corpus import ATTACKS
from asgi_jwks.testing.attacks.own_middleware import stand_in, verifier_of
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


def replaced(app: Any, **options: Any) -> AbstractContextManager[Target]:
    return stand_in(verifier_of(app), **options).trusted()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="defaults"),
        pytest.param({"profile": "rfc9068"}, id="rfc9068"),
        pytest.param({"required_claims": ["tenant", "sub"]}, id="required claims"),
        pytest.param({"audience_claim": "client_id"}, id="audience in another claim"),
        pytest.param({"algorithms": ["ES256"]}, id="ES256"),
        pytest.param({"algorithms": ["PS512", "EdDSA"]}, id="PS512 before EdDSA"),
    ],
)
def test_the_mock_issuer_fits_the_rules_of_the_application(options: dict[str, Any]) -> None:
    app = protected(**options)
    with replaced(app, path="/messages") as target:
        assert target.issuer.issuer == PRODUCTION
        assert target.issuer.audience == "a"
        report = run_attacks(app, target, SOME)
    assert report.got_through == (), report.summary()


def test_the_real_keys_are_back_afterwards() -> None:
    real = StaticJWKSet(JWKS)
    trusted = TrustedIssuer(issuer=PRODUCTION, audience="a", keys=real)
    with stand_in(AccessTokenVerifier([trusted])).trusted():
        assert trusted.keys is not real
    assert trusted.keys is real


def test_claims_that_the_application_checks_itself_can_be_given() -> None:
    app = protected(checks=[lambda token: token.claims.get("tenant") == "acme"])
    with replaced(app, path="/messages") as target, pytest.raises(AttackRunError):
        run_attacks(app, target, SOME)
    with replaced(app, path="/messages", claims={"tenant": "acme"}) as target:
        assert not run_attacks(app, target, SOME).got_through


def test_the_outermost_middleware_is_found_by_itself_and_inside() -> None:
    inner = protected()
    guard = JWTBearerMiddleware(inner, issuer=PRODUCTION, audience="a", keys=StaticJWKSet(JWKS))
    assert verifier_of(guard) is guard.verifier
    name: Any = "app:app"
    with pytest.raises(AttackRunError, match=r"^'app:app' is not an application"):
        verifier_of(name)
    assert verifier_of(inner) is verifier_of(inner)
    assert verifier_of(inner) is not guard.verifier


def test_an_application_without_the_middleware_is_refused() -> None:
    with pytest.raises(AttackRunError, match="a function instead that takes a MockIssuer"):
        verifier_of(Starlette())


def test_a_ring_of_middleware_is_searched_once() -> None:
    class Ring:
        app: Any

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    ring = Ring()
    ring.app = ring
    with pytest.raises(AttackRunError):
        verifier_of(ring)


def test_shared_secrets_are_not_for_the_corpus() -> None:
    app = protected(keys=SharedSecret(secrets.token_bytes(32)))
    with pytest.raises(AttackRunError, match="HS256 only"):
        stand_in(verifier_of(app))


def test_an_application_that_only_resolves_issuers_has_none_to_replace() -> None:
    async def resolver(name: str) -> TrustedIssuer | None:
        return None

    with pytest.raises(AttackRunError, match="a resolver of issuers and no TrustedIssuer"):
        stand_in(AccessTokenVerifier(resolver=resolver))


# FastAPI: a dependency instead of the middleware.


def bearer(issuer: str = PRODUCTION) -> JWTBearer:
    return JWTBearer(TrustedIssuer(issuer=issuer, audience="a", keys=StaticJWKSet(JWKS)))


def with_dependency(where: str) -> FastAPI:
    """A FastAPI application whose route /messages depends on a JWTBearer, in one of its ways."""
    dependency = bearer()
    routes = APIRouter()
    app = FastAPI()
    match where:
        case "argument":
            routes.get("/messages")(_endpoint(Annotated[AccessToken, Depends(dependency)]))
        case "permission":
            needed = dependency.requires(permissions=["read"])
            routes.get("/messages")(_endpoint(Annotated[AccessToken, Depends(needed)]))
        case "application":
            app = FastAPI(dependencies=[Depends(dependency)])
            routes.get("/messages")(_endpoint(str))
        case "included router":
            routes.get("/messages")(_endpoint(str))
    included = [Depends(dependency)] if where == "included router" else None
    app.include_router(routes, dependencies=included)
    if where == "mounted":
        app.mount("/", with_dependency("argument"))
    return app


def _endpoint(annotation: Any) -> Callable[..., Awaitable[str]]:
    async def endpoint(value: Any = "") -> str:
        return "hello"

    endpoint.__annotations__["value"] = annotation
    return endpoint


@pytest.mark.parametrize(
    "where",
    some_of(
        ["argument", "permission", "application", "included router", "mounted"],
        "argument",
        "mounted",
    ),
)
def test_a_dependency_of_fastapi_is_attacked_as_the_middleware_is(where: str) -> None:
    app = with_dependency(where)
    with replaced(app, path="/messages", claims={"permissions": ["read"]}) as target:
        report = run_attacks(app, target)
    assert report.got_through == (), report.summary()


def test_a_verifier_of_several_dependencies_is_one() -> None:
    app = FastAPI()
    shared = bearer().verifier
    for path in ("/messages", "/other"):
        dependency = JWTBearer(verifier=shared)
        app.get(path)(_endpoint(Annotated[AccessToken, Depends(dependency)]))
    assert verifier_of(app) is shared


def test_of_two_dependencies_with_issuers_none_is_guessed() -> None:
    app = with_dependency("argument")
    app.get("/other")(_endpoint(Annotated[AccessToken, Depends(bearer("https://other.example/"))]))
    with pytest.raises(AttackRunError, match="2 JWTBearer dependencies"):
        verifier_of(app)
