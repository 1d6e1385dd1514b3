"""Health: what a probe is told in each state of the keys, whatever requests bring."""

import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    JWTBearerMiddleware,
    RemoteJWKSet,
    StaticJWKSet,
    TrustedIssuer,
    health_app,
)
from asgi_jwks.asgi.health_app import FEW_KEY_SETS, KEPT_PER_KEY_SET, Readiness
from asgi_jwks.keys.health import STATES, KeySetState
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.jumping_time

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "health.md"


def schema() -> Any:
    found = re.search(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}


def check(value: Any, rules: Mapping[str, Any]) -> None:
    """The part of JSON Schema that the guide uses; members that it does not name are refused."""
    if "enum" in rules:
        assert value in rules["enum"]
        return
    kinds = [rules["type"]] if isinstance(rules["type"], str) else rules["type"]
    assert any(isinstance(value, TYPES[kind]) for kind in kinds), (value, kinds)
    if isinstance(value, bool):
        assert kinds == ["boolean"]
    if isinstance(value, dict):
        assert value.keys() == set(rules["required"]) == rules["properties"].keys()
        for name, member in value.items():
            check(member, rules["properties"][name])
    if isinstance(value, list):
        for item in value:
            check(item, rules["items"])


class Probe:
    """Asks an application, as an orchestrator does."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, path: str, method: str = "GET", kind: str = "http") -> tuple[int, Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": kind, "method": method, "path": path, "headers": [], "root_path": ""}
        await self.app(scope, None, send)
        self.sent = sent
        body = sent[-1].get("body", b"")
        return sent[0].get("status", 0), json.loads(body) if body else None


@pytest.fixture
def issuer() -> MockIssuer:
    return MockIssuer()


def fetched(issuer: MockIssuer, **options: Any) -> TrustedIssuer:
    keys = RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client(), **options)
    return TrustedIssuer(issuer=issuer.issuer, audience=issuer.audience, keys=keys)


@pytest.mark.anyio
async def test_readiness_follows_the_life_of_the_keys(
    issuer: MockIssuer,
) -> None:
    """N9: and each answer is as the guide's schema says."""
    trusted = fetched(issuer, clock=anyio.current_time)
    verifier = AccessTokenVerifier(trusted)
    probe = Probe(health_app(verifier))
    states = []
    for wait in (0.0, 0.0, 550.0, 200.0, 4000.0):
        if wait:
            issuer.jwks.fail(500)
            await anyio.sleep(wait)
        status, answer = await probe("/")
        check(answer, schema())
        [state] = answer["key_sets"]
        states.append((status, answer["status"], state["state"]))
        if not wait:
            await trusted.keys.warm()
    assert states == [
        (503, "unready", "empty"),
        (200, "ready", "fresh"),
        (200, "ready", "due"),
        (200, "ready", "stale"),
        (503, "unready", "expired"),
    ]
    assert (await probe("/live"))[0] == 200


@pytest.mark.anyio
async def test_the_outage_of_one_issuer_does_not_take_the_others_users_away() -> None:
    """N9, F13"""
    one, other = MockIssuer(), MockIssuer(issuer="https://other.example/")
    other.jwks.fail(500)
    given = TrustedIssuer(
        issuer=one.issuer, audience=one.audience, keys=StaticJWKSet(one.jwk_set())
    )
    status, answer = await Probe(health_app(AccessTokenVerifier(given, fetched(other))))("/ready")
    check(answer, schema())
    assert (status, answer["status"]) == (200, "degraded")
    assert [state["state"] for state in answer["key_sets"]] == ["given", "empty"]
    assert answer["key_sets"][0]["keys"] == 1


@pytest.mark.anyio
async def test_tokens_cannot_drive_it_ill(issuer: MockIssuer) -> None:
    """N9, B8: unknown keys, forged signatures and a spent budget change no answer."""
    trusted = fetched(issuer, clock=anyio.current_time)
    app = JWTBearerMiddleware(Starlette(), trusted, health_path="/health")
    await app.verifier.warm()
    probe = Probe(app)
    before = await probe("/health")
    for number in range(50):
        token = issuer.access_token(headers={"kid": f"unknown-{number}"})
        for bad in (token, f"{token[:-8]}AAAAAAAA", "x", "a.b.c"):
            fields = [(b"authorization", f"Bearer {bad}".encode())]
            scope = {"type": "http", "method": "GET", "path": "/", "headers": fields}
            await app(scope, None, _ignore)
    status, answer = await probe("/health")
    assert (status, answer["status"]) == (before[0], before[1]["status"]) == (200, "ready")


async def _ignore(message: Any) -> None: ...


@pytest.mark.parametrize("key_sets", [FEW_KEY_SETS, FEW_KEY_SETS + 1])
def test_an_answer_that_takes_much_work_is_kept_for_a_while(key_sets: int) -> None:
    """W1, W4: anybody may ask, and the answer for 5,000 issuers takes 90 ms."""
    now = 0.0
    asked = 0

    class Watched:
        def key_set_states(self) -> tuple[KeySetState, ...]:
            nonlocal asked
            asked += 1
            one = KeySetState(key_set="a", state="fresh", is_usable=asked != 2)
            return (one,) * key_sets

    readiness = Readiness(Watched(), clock=lambda: now)
    is_kept = key_sets > FEW_KEY_SETS
    answers = [readiness.answer()[0] for _ in range(2)]
    assert answers == ([200, 200] if is_kept else [200, 503])
    if is_kept:
        now = KEPT_PER_KEY_SET * key_sets * 0.99
        assert readiness.answer()[0] == 200
        assert asked == 1
    now = KEPT_PER_KEY_SET * key_sets
    assert readiness.answer()[0] == (503 if is_kept else 200)
    assert asked == (2 if is_kept else 3)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, None),
        (0.0, 0.0),
        (7.0, 7.0),
        (7.12349, 7.123),
        (7.9996, 8.0),
        (12345.6789, 12345.679),
    ],
)
def test_times_are_told_in_milliseconds(seconds: float | None, told: float | None) -> None:
    """N9"""
    state = partial(KeySetState, key_set="a", state="fresh", is_usable=True)

    class Watched:
        def key_set_states(self) -> tuple[KeySetState, ...]:
            return (
                state(age=seconds, trust_remaining=1.0),
                state(age=1.0, trust_remaining=seconds),
            )

    key_sets = json.loads(Readiness(Watched()).answer()[1])["key_sets"]
    times = [(key_set["age"], key_set["trust_remaining"]) for key_set in key_sets]
    assert times == [(told, 1.0), (1.0, told)]


@pytest.mark.anyio
async def test_the_middleware_answers_at_its_path_and_nowhere_else(issuer: MockIssuer) -> None:
    """N9, B11: without a token; whatever looks like the path and is not it needs one."""
    probe = Probe(JWTBearerMiddleware(Starlette(), fetched(issuer), health_path="/health"))
    assert (await probe("/health"))[0] == 503
    assert (await probe("/health/ready"))[0] == 503
    assert await probe("/health/live") == (200, {"status": "alive"})
    for path in ("/health/", "/health/live/x", "//health", "/health/../x", "/healthy", "/Health"):
        assert (await probe(path))[0] == 401
    await probe("/health", kind="websocket")
    assert probe.sent[0]["type"] == "websocket.close"


@pytest.mark.anyio
async def test_it_can_be_mounted(issuer: MockIssuer) -> None:
    """N9"""
    verifier = AccessTokenVerifier(fetched(issuer))
    probe = Probe(Starlette(routes=[Mount("/health", health_app(verifier))]))
    for path in ("/health/", "/health/ready"):
        assert (await probe(path))[1]["status"] == "unready"
    assert (await probe("/health/live"))[0] == 200
    assert (await probe("/health/other"))[0] == 404


@pytest.mark.anyio
async def test_methods_and_kinds_of_connections(issuer: MockIssuer) -> None:
    """N9, B6: no body for HEAD, and nothing is stored."""
    probe = Probe(health_app(AccessTokenVerifier(fetched(issuer))))
    assert await probe("/live", "HEAD") == (200, None)
    assert probe.sent == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", b"19"),
                (b"cache-control", b"no-store"),
            ],
        },
        {"type": "http.response.body", "body": b""},
    ]
    assert (await probe("/live", "POST"))[0] == 405
    assert dict(probe.sent[0]["headers"])[b"allow"] == b"GET, HEAD"
    await probe("/", kind="websocket")
    assert probe.sent == [{"type": "websocket.close"}]
    await health_app(JWTBearerMiddleware(Starlette(), fetched(issuer)))(
        {"type": "lifespan"}, None, None
    )


@pytest.mark.parametrize("guard", [None, AccessTokenVerifier, "app"])
def test_something_else_than_a_guard_is_refused(guard: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="health_app needs an AccessTokenVerifier"):
        health_app(guard)


@pytest.mark.parametrize("path", ["health", "/", "/health/", "/health/*", "//health", 3, ""])
def test_something_else_than_a_path_is_refused(path: Any, issuer: MockIssuer) -> None:
    """A11"""
    told = (
        r"^health_path must be a path like \"/health\"; "
        if isinstance(path, str) and path
        else r"^health_path must be a string that is not empty; .* health_path='/health'\.$"
    )
    with pytest.raises(ConfigurationError, match=told):
        JWTBearerMiddleware(Starlette(), fetched(issuer), health_path=path)


def test_the_schema_names_all_states() -> None:
    """N9"""
    assert schema()["properties"]["key_sets"]["items"]["properties"]["state"]["enum"] == [*STATES]


def test_keys_that_are_equal_have_an_equal_digest_and_secrets_have_none(issuer: MockIssuer) -> None:
    """N4, N9: so that hosts can be compared."""
    verifier = AccessTokenVerifier(
        issuer=issuer.issuer, audience=issuer.audience, keys=StaticJWKSet(issuer.jwk_set())
    )
    [state] = verifier.key_set_states()
    assert (state.digest, state.age, state.trust_remaining) == (None, None, None)


@pytest.mark.anyio
async def test_a_key_set_says_how_long_it_is_trusted(issuer: MockIssuer) -> None:
    """N4"""
    one, other = (fetched(issuer, clock=anyio.current_time).keys for _ in range(2))
    await one.warm()
    await other.warm()
    digests = set()
    for keys in (one, other):
        assert isinstance(keys, RemoteJWKSet)
        health = keys.health()
        assert (health.trust_remaining, health.keys) == (4200.0, 1)
        digests.add(health.digest)
    assert len(digests) == 1


class Empty:
    """A key source that is not ours, and has no keys."""

    def at_hand(self) -> None: ...


def test_a_source_of_another_class_is_asked_for_its_keys() -> None:
    """N9"""
    keys: Any = Empty()
    verifier = AccessTokenVerifier(issuer="https://issuer.example/", audience="a", keys=keys)
    [state] = verifier.key_set_states()
    assert (state.state, state.is_usable) == ("empty", False)
