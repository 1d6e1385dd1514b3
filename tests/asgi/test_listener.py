"""One listener hears of each outcome of a request, once, and of each change of a key set."""

import logging
from contextlib import suppress
from typing import Any

import anyio
import pytest

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    ConfigurationError,
    DPoP,
    InvalidProof,
    InvalidToken,
    JWTBearerMiddleware,
    KeySetUnavailable,
    ProofOfPossession,
    Reason,
    RemoteJWKSet,
    StaticJWKSet,
    TrustedIssuer,
    refusal_of,
    requires,
)
from asgi_jwks.events import (
    OTHER_ISSUER,
    Event,
    KeySetRefreshed,
    RefreshFailed,
    RequestAccepted,
    RequestAnonymous,
    RequestEvent,
    RequestLabels,
    RequestRefused,
    ResolverAnswered,
    RouteRefused,
    RouteUnavailable,
    Unavailable,
    log_event,
)
from asgi_jwks.testing import MockIssuer, ProofKey


class Heard(list[Event]):
    """The events, in their order; a verifier to watch, if one was given."""

    watched: object = None

    def __call__(self, event: Event) -> None:
        self.append(event)

    def watch(self, verifier: object) -> None:
        self.watched = verifier

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None


@pytest.fixture
def heard() -> Heard:
    return Heard()


class Guarded:
    """An application behind the middleware; `status` and `seen` of the last connection."""

    def __init__(self, app: Any = None, **options: Any) -> None:
        self.app = JWTBearerMiddleware(app or self._app, **options)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def __call__(self, token: str | None = None, kind: str = "http") -> int:
        self.status = 0
        fields = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
        scope = {"type": kind, "method": "GET", "path": "/", "headers": fields}

        async def send(message: Any) -> None:
            self.status = message.get("status", self.status)

        await self.app(scope, None, send)
        return self.status


def trusted(issuer: MockIssuer, **options: Any) -> dict[str, Any]:
    return {
        "issuer": issuer.issuer,
        "audience": issuer.audience,
        "keys": StaticJWKSet(issuer.jwk_set()),
        **options,
    }


@pytest.mark.anyio
async def test_an_accepted_request_is_one_event(issuer: MockIssuer, heard: Heard) -> None:
    """N1, N3: with its labels, its duration, and whether the token was remembered."""
    guarded = Guarded(**trusted(issuer, listener=heard))
    token = issuer.access_token()
    assert [await guarded(token), await guarded(token), await guarded(token, "websocket")]
    labels = [
        RequestLabels(issuer.issuer, "bearer", kind) for kind in ("http", "http", "websocket")
    ]
    events = [event for event in heard if isinstance(event, RequestAccepted)]
    assert [event.labels for event in events] == labels
    assert [event.is_cached for event in events] == [False, True, True]
    assert all(0 < event.seconds < 60 for event in events)
    assert events[0].access_token.principal == (issuer.issuer, "auth0|60c7a9f2b1d3e40069f8a2b7")
    assert len(heard) == 3
    # H1: nothing of the token is in what is printed.
    assert "60c7a9f2b1d3e40069f8a2b7" not in repr(events)
    assert not any(part in repr(events) for part in token.split("."))


@pytest.mark.anyio
async def test_async_functions_behind_lambdas_are_told_of_once_each(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """A11, N1: at their first call, and requests are answered all the same."""

    async def hear(*_: object) -> None: ...

    answers: list[Any] = []

    def hears(*said: object) -> object:
        answers.append(answer := hear(*said))
        return answer

    guarded = Guarded(**trusted(issuer, listener=hears), on_refused=lambda *said: hears(*said))
    for _ in range(2):
        assert await guarded(issuer.access_token()) == 200
        assert await guarded(None) == 401
    for answer in answers:
        answer.close()
    told = [r.getMessage() for r in caplog.records if "called and not awaited" in r.getMessage()]
    assert sorted(line.split()[0] for line in told) == ["listener", "on_refused"]


@pytest.mark.anyio
async def test_a_listener_that_raises_makes_no_500(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """N1: neither on a good request nor on a bad one, and it is said once."""

    def listener(event: Event) -> None:
        raise ZeroDivisionError

    guarded = Guarded(**trusted(issuer, listener=listener))
    token = issuer.access_token()
    assert [await guarded(token), await guarded(token), await guarded()] == [200, 200, 401]
    [record] = [record for record in caplog.records if record.exc_info]
    assert "failed on RequestAccepted" in record.getMessage()


@pytest.mark.anyio
async def test_a_refusal_is_one_event_with_its_reason(issuer: MockIssuer, heard: Heard) -> None:
    """N1, B12"""
    guarded = Guarded(**trusted(issuer, listener=heard))
    assert await guarded(issuer.access_token(audience="x")) == 401
    assert await guarded() == 401
    first, second = heard
    assert isinstance(first, RequestRefused)
    assert isinstance(second, RequestRefused)
    assert (first.labels, first.reason) == (RequestLabels(issuer.issuer), Reason.WRONG_AUDIENCE)
    assert "audience" in first.advice.sentence
    assert second.labels == RequestLabels(OTHER_ISSUER, "none", "http")
    assert (second.reason, second.status) == (Reason.MISSING_TOKEN, 401)


@pytest.mark.anyio
async def test_an_anonymous_request_is_one_event(issuer: MockIssuer, heard: Heard) -> None:
    """N1, A6"""
    guarded = Guarded(**trusted(issuer, listener=heard), allow_anonymous=True)
    assert await guarded() == 200
    assert heard[:] == [RequestAnonymous(RequestLabels(OTHER_ISSUER, "none", "http"))]


@pytest.mark.anyio
async def test_an_outage_is_one_event(issuer: MockIssuer, heard: Heard) -> None:
    """N1, B7"""
    keys = RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client())
    issuer = MockIssuer()
    issuer.jwks.fail(500)
    keys = RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client())
    guarded = Guarded(**trusted(issuer, keys=keys, listener=heard))
    assert await guarded(issuer.access_token()) == 503
    failed, unavailable = heard
    assert isinstance(failed, RefreshFailed)
    # F22: the URL is a field of its own.
    assert failed.url == issuer.jwks_uri
    assert isinstance(unavailable, Unavailable)
    assert unavailable.labels == RequestLabels(issuer.issuer)
    assert unavailable.retry_after > 0


@pytest.mark.anyio
async def test_a_routes_refusal_is_a_second_event_of_another_name(
    issuer: MockIssuer, heard: Heard
) -> None:
    """B12: the outcome of authentication is counted once, and it was accepted."""
    outage = KeySetUnavailable("the store does not answer")

    @requires("admin").around
    async def admin(scope: Any, receive: Any, send: Any) -> None: ...

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        refusal_of(scope, outage)

    token = issuer.access_token(scope="read")
    for app in (admin, failing):
        await Guarded(app, **trusted(issuer, listener=heard))(token)
    accepted, refused, accepted_too, unavailable = heard
    assert isinstance(accepted, RequestAccepted)
    assert isinstance(refused, RouteRefused)
    assert (refused.issuer, refused.reason, refused.status, refused.needed) == (
        *(issuer.issuer, Reason.INSUFFICIENT_SCOPE, 403),
        ("admin",),
    )
    assert "'read'" in refused.advice.sentence
    assert isinstance(accepted_too, RequestAccepted)
    assert isinstance(unavailable, RouteUnavailable)


@pytest.mark.anyio
async def test_a_token_that_authentication_refused_is_no_refusal_of_the_route(
    issuer: MockIssuer, heard: Heard
) -> None:
    """B12: of two guards each has an outcome of its own, and hears of its own."""
    inner, outer = Heard(), heard
    middle = JWTBearerMiddleware(_ok, **trusted(issuer, audience="other", listener=inner))
    guarded = Guarded(middle, **trusted(issuer, listener=outer))
    assert await guarded(issuer.access_token()) == 401
    assert [type(event) for event in outer] == [RequestAccepted]
    assert [type(event) for event in inner] == [RequestRefused]


async def _ok(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.anyio
async def test_a_listener_hears_of_key_sets_beside_their_own(
    heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    """N1: it is given once; the key set's own listener goes on."""
    caplog.set_level(logging.INFO, "asgi_jwks.keys")
    issuer = MockIssuer()
    keys = RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client(), listener=log_event)
    middleware = JWTBearerMiddleware.configured(**trusted(issuer, keys=keys, listener=heard))
    app = middleware(_ok)
    await app.verifier.warm()
    # Once, although the options were checked before.
    [refreshed] = heard
    assert isinstance(refreshed, KeySetRefreshed)
    assert refreshed.seconds > 0
    assert [record.name for record in caplog.records] == ["asgi_jwks.keys"]
    assert heard.watched is app.verifier


@pytest.mark.anyio
async def test_a_verifier_tells_of_tokens_without_a_connection(
    issuer: MockIssuer, heard: Heard
) -> None:
    """N1"""
    verifier = AccessTokenVerifier(**trusted(issuer, listener=heard))
    await verifier.verify(issuer.access_token())
    with pytest.raises(InvalidToken):
        await verifier.verify(issuer.access_token(audience="x"))
    accepted, refused = heard
    assert isinstance(accepted, RequestAccepted)
    assert isinstance(refused, RequestRefused)
    assert accepted.labels == refused.labels == RequestLabels(issuer.issuer, "bearer", "none")
    assert verifier.remembered_count() == 1
    # Nobody keeps the token of a request that has ended.
    assert verifier.procedure.verified_last is None


@pytest.mark.anyio
async def test_a_verifiers_listener_hears_of_requests_once(
    issuer: MockIssuer, heard: Heard
) -> None:
    """N1"""
    verifier = AccessTokenVerifier(**trusted(issuer, listener=heard))
    assert await Guarded(verifier=verifier, listener=heard)(issuer.access_token()) == 200
    assert await Guarded(verifier=verifier)(issuer.access_token()) == 200
    assert [event.connection for event in heard if isinstance(event, RequestEvent)] == ["http"] * 2
    with pytest.raises(ConfigurationError, match="Give it once"):
        Guarded(verifier=verifier, listener=Heard())


@pytest.mark.anyio
async def test_a_token_of_a_resolved_issuer_has_the_label_of_others(heard: Heard) -> None:
    """N7: a resolver may know any number of tenants."""
    tenant = MockIssuer()

    async def resolver(name: str) -> TrustedIssuer:
        return TrustedIssuer(**trusted(tenant), grants=["read"])

    verifier = AccessTokenVerifier(resolver=resolver, listener=heard)
    assert await Guarded(verifier=verifier)(tenant.access_token()) == 200
    answered, event = heard
    assert isinstance(answered, ResolverAnswered)
    assert isinstance(event, RequestAccepted)
    assert event.labels == RequestLabels(OTHER_ISSUER, "bearer", "http")


class Duck:
    """A verifier that is not ours."""

    def __init__(self, verifier: AccessTokenVerifier) -> None:
        self.verify = verifier.verify
        self.running = verifier.running


@pytest.mark.anyio
async def test_a_verifier_of_another_class_is_heard_as_well(
    issuer: MockIssuer, heard: Heard
) -> None:
    """N1: which tokens it remembers is not known."""
    duck: Any = Duck(AccessTokenVerifier(**trusted(issuer)))
    assert await Guarded(verifier=duck, listener=heard)(issuer.access_token()) == 200
    [event] = heard
    assert isinstance(event, RequestAccepted)
    assert (event.issuer, event.is_cached) == (OTHER_ISSUER, False)


@pytest.mark.anyio
async def test_without_a_listener_nothing_is_made(
    issuer: MockIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1, W1: nor of a refusal of which no line is due."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("nobody hears it")

    guarded = Guarded(**trusted(issuer))
    for token in ([issuer.access_token(audience="x")] * 100, [None]):
        for one in token:
            await guarded(one)
    monkeypatch.setattr("asgi_jwks.asgi.refusals.refusal_event", never)
    monkeypatch.setattr("asgi_jwks.tokens.outcomes.RequestAccepted", never)
    assert await guarded(issuer.access_token()) == 200
    assert await guarded(issuer.access_token(audience="x")) == 401
    assert await guarded() == 401


@pytest.mark.anyio
async def test_a_request_is_logged_at_debug_with_its_reason(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """N10: as JSON values, whoever hears it."""
    caplog.set_level(logging.DEBUG, "asgi_jwks.requests")
    guarded = Guarded(**trusted(issuer))
    assert await guarded() == 401
    debug = [record for record in caplog.records if record.levelno == logging.DEBUG]
    assert [(vars(r)["reason"], vars(r)["is_outcome"]) for r in debug] == [("missing_token", True)]


@pytest.mark.anyio
async def test_a_remembered_token_is_told_as_such_whatever_is_verified_meanwhile(
    issuer: MockIssuer, heard: Heard
) -> None:
    """N3: a check or a store may be waited for, and other tokens are verified in that time."""
    waiting, go_on = anyio.Event(), anyio.Event()

    async def check(token: AccessToken) -> bool:
        if token.subject == "slow" and any(isinstance(e, RequestAccepted) for e in heard):
            waiting.set()
            await go_on.wait()
        return True

    guarded = Guarded(**trusted(issuer, listener=heard, checks=[check]))
    slow = issuer.access_token(subject="slow")
    assert await guarded(slow) == 200
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(guarded, slow)
        await waiting.wait()
        assert await guarded(issuer.access_token(subject="quick")) == 200
        go_on.set()
    events = [event for event in heard if isinstance(event, RequestAccepted)]
    told = [(event.access_token.principal[1], event.is_cached) for event in events]
    assert told == [("slow", False), ("quick", False), ("slow", True)]


@pytest.mark.anyio
async def test_a_request_that_is_cancelled_has_no_outcome(issuer: MockIssuer, heard: Heard) -> None:
    """N1: its client or its server gave it up; the next one is told as ever."""

    async def check(token: AccessToken) -> bool:
        if token.subject == "slow":
            await anyio.sleep_forever()
        return True

    guarded = Guarded(**trusted(issuer, listener=heard, checks=[check]))
    with anyio.move_on_after(0.01) as scope:
        await guarded(issuer.access_token(subject="slow"))
    assert scope.cancelled_caught
    assert not list(heard)
    assert await guarded(issuer.access_token(subject="quick")) == 200
    assert [type(event) for event in heard] == [RequestAccepted]


@pytest.mark.anyio
async def test_a_verifier_tells_the_scheme_of_a_token_without_a_connection(
    issuer: MockIssuer, heard: Heard
) -> None:
    """N2: of a good proof and of one that is missing."""
    dpop = DPoP(public_origin="https://api.example.com")
    verifier = AccessTokenVerifier(**trusted(issuer, listener=heard, dpop=dpop))
    key = ProofKey()
    token = issuer.access_token(cnf=key.confirmation)
    for fields in (list(key.headers("GET", "https://api.example.com/", token).items()), []):
        proof = ProofOfPossession(method="GET", url="/", fields=fields)
        with suppress(InvalidProof):
            await verifier.verify(token, proof=proof)
    labels = [event.labels for event in heard if isinstance(event, RequestEvent)]
    assert labels == [RequestLabels(issuer.issuer, "dpop", "none")] * 2
