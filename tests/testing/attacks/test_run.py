"""Carrying out attacks: what counts as getting through, and when a run proves nothing."""

from typing import Any

import pytest
from starlette.middleware.cors import CORSMiddleware

from asgi_jwks import JWTBearerMiddleware, StaticJWKSet
from asgi_jwks.testing import MockIssuer
from asgi_jwks.testing.attacks.attack import Target
from asgi_jwks.testing.attacks.corpus import ATTACKS
from asgi_jwks.testing.attacks.run import (
    AttackRunError,
    Outcome,
    Report,
    run_attacks,
    target_for,
)

HTTP = ATTACKS["alg_none"]
WEBSOCKET = ATTACKS["websocket_without_token"]


@pytest.fixture(scope="module")
def target() -> Target:
    return target_for(MockIssuer(), path="/messages", claims={"tenant": "a"}, header={"ver": 1})


def answering(*messages: dict[str, object]) -> Any:
    """An application that answers everybody in the same way."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def with_status(status: int) -> Any:
    return answering(
        {"type": "http.response.start", "status": status, "headers": []},
        {"type": "http.response.body", "body": b""},
    )


def test_an_application_without_any_guard_lets_every_attack_through(target: Target) -> None:
    report = run_attacks(with_status(200), target, [HTTP])
    assert [outcome.attack.name for outcome in report.got_through] == ["alg_none"]
    assert report.summary().splitlines() == [
        "alg_none: alg none and no signature (D3); the application answered 200",
        "0 of 1 attacks were refused",
    ]


def test_a_guarded_application_lets_none_through() -> None:
    issuer = MockIssuer()
    target = target_for(issuer)
    keys = StaticJWKSet(issuer.jwk_set())
    guarded: Any = JWTBearerMiddleware(
        with_status(200), issuer=issuer.issuer, audience=issuer.audience, keys=keys
    )
    report = run_attacks(guarded, target)
    assert len(report.outcomes) == len(ATTACKS)
    assert report.got_through == (), report.summary()


@pytest.mark.parametrize("status", [400, 401, 403, 503])
def test_a_run_that_refuses_a_good_token_proves_nothing(target: Target, status: int) -> None:
    with pytest.raises(AttackRunError, match=f"answered with {status} at /messages"):
        run_attacks(with_status(status), target, [HTTP])


def test_an_application_that_fails_on_a_good_token_has_let_it_in(target: Target) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("no database")

    [outcome] = run_attacks(app, target, [HTTP]).got_through
    assert str(outcome).endswith("(D3); the application raised LookupError('no database')")


def test_an_attack_that_breaks_the_application_got_through(target: Target) -> None:
    assert not Outcome(HTTP, 500).refused
    assert not Outcome(HTTP, None, "ValueError()").refused
    assert Outcome(HTTP, 401).refused


def test_an_application_that_does_not_answer_an_attack_got_broken(target: Target) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await with_status(204)(scope, receive, send)

    assert [o.status for o in run_attacks(app, target, [WEBSOCKET]).outcomes] == [None]


def test_an_application_that_answers_nobody_proves_nothing(target: Target) -> None:
    with pytest.raises(AttackRunError, match="did not answer"):
        run_attacks(answering(), target, [HTTP])


@pytest.mark.parametrize("status", [307, 308, 404, 405])
def test_a_run_against_a_route_that_does_not_exist_proves_nothing(
    target: Target, status: int
) -> None:
    with pytest.raises(AttackRunError, match=f"no route for GET /messages.* {status}"):
        run_attacks(with_status(status), target, [HTTP])


def test_a_router_that_knows_neither_path_nor_method_has_not_let_anybody_in() -> None:
    assert Outcome(ATTACKS["unknown_method"], 405).refused
    assert Outcome(ATTACKS["path_in_another_case"], 404).refused
    assert Outcome(ATTACKS["path_with_a_slash_at_the_end"], 307).refused
    assert not Outcome(HTTP, 307).refused


def test_a_cors_policy_that_answers_a_preflight_has_not_let_it_in() -> None:
    issuer = MockIssuer()
    target = target_for(issuer)
    guarded: Any = JWTBearerMiddleware(
        with_status(200),
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=StaticJWKSet(issuer.jwk_set()),
    )
    preflight, plain = ATTACKS["cors_preflight"], ATTACKS["plain_options"]
    in_front: Any = CORSMiddleware(
        guarded, allow_origins=["*"], allow_headers=["*"], allow_methods=["*"]
    )
    report = run_attacks(in_front, target, [preflight, plain])
    assert report.outcomes == (Outcome(preflight, 200, preflight=True), Outcome(plain, 401))
    assert report.got_through == ()
    unguarded = run_attacks(with_status(200), target, [preflight, plain])
    assert len(unguarded.got_through) == 2


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([{"type": "websocket.close", "code": 1008}], 403),
        ([{"type": "websocket.accept"}, {"type": "websocket.close"}], 101),
        ([{"type": "websocket.http.response.start", "status": 401, "headers": []}], 401),
        ([{"type": "websocket.http.response.body", "body": b""}], None),
    ],
)
def test_a_closed_websocket_is_the_403_that_its_client_would_see(
    target: Target, messages: list[dict[str, object]], status: int | None
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            assert (await receive())["type"] == "websocket.connect"
            assert (await receive())["type"] == "websocket.disconnect"
            assert (await receive())["type"] == "websocket.disconnect"
            await answering(*messages)(scope, receive, send)
        else:
            await with_status(204)(scope, receive, send)

    [outcome] = run_attacks(app, target, [WEBSOCKET]).outcomes
    assert outcome.status == status


def test_a_good_token_has_what_the_application_demands(target: Target) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["auth"].claims)
        await with_status(200)(scope, receive, send)

    issuer = target.issuer
    guarded: Any = JWTBearerMiddleware(
        app,
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=StaticJWKSet(issuer.jwk_set()),
        required_claims=["tenant"],
    )
    assert run_attacks(guarded, target, [HTTP]) == Report((Outcome(HTTP, 401),))
    assert seen[0]["tenant"] == "a"
