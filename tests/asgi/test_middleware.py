"""The guard: which connections pass, what the application sees, and what a client is answered."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    AuthorizationHeader,
    ConfigurationError,
    Cookie,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    JWTBearerMiddleware,
    KeySetUnavailable,
    MissingToken,
    Reason,
    StaticJWKSet,
    TrustedIssuer,
    WebSocketSubprotocol,
)
from asgi_jwks.asgi.identity import Anonymous
from asgi_jwks.testing import MockIssuer, forge

pytestmark = pytest.mark.anyio

# `Guarded` of conftest.py: a callable that connects and tells what happened.
Guarded = Callable[..., Any]

PREFLIGHT = [(b"origin", b"https://app.example"), (b"access-control-request-method", b"GET")]
DENIAL: dict[str, Any] = {"extensions": {"websocket.http.response": {}}}


class Unavailable(AccessTokenVerifier):
    """A verifier whose keys are unavailable."""

    async def verify(self, token: str | bytes, *, proof: object = None) -> AccessToken:
        raise KeySetUnavailable("https://internal.example/jwks is down", retry_after=6.5)


def unavailable(issuer: MockIssuer) -> AccessTokenVerifier:
    return Unavailable(
        [
            TrustedIssuer(
                issuer=issuer.issuer,
                audience=issuer.audience,
                keys=StaticJWKSet(issuer.jwk_set()),
            )
        ]
    )


class TestAGoodToken:
    async def test_it_passes_and_the_application_sees_its_claims(
        self, app: Guarded, issuer: MockIssuer
    ) -> None:
        """A1, A10"""
        answer = await app(issuer.access_token(subject="alice", scopes="read"))
        assert answer.status == 200
        assert answer.body == b"hello"
        assert answer.errors == []
        assert answer.scope["claims"]["sub"] == "alice"
        assert answer.scope["auth"].scopes == ("read",)
        assert answer.scope["user"].identity == "alice"

    async def test_nothing_inherited_can_be_mistaken_for_it(
        self, app: Guarded, issuer: MockIssuer
    ) -> None:
        """A10"""
        spoofed = {"claims": {"sub": "admin"}, "auth": "admin", "user": "admin"}
        answer = await app(issuer.access_token(subject="alice"), **spoofed)
        assert answer.scope["claims"]["sub"] == "alice"
        assert answer.scope["auth"].subject == "alice"
        assert answer.scope["user"].identity == "alice"

    async def test_a_websocket_connects_with_the_claims_on_its_scope(
        self, app: Guarded, issuer: MockIssuer
    ) -> None:
        """C3"""
        answer = await app(issuer.access_token(subject="alice"), type="websocket")
        assert answer.sent == [{"type": "websocket.accept"}]
        assert answer.scope["claims"]["sub"] == "alice"

    async def test_the_keys_are_fetched_by_the_client_that_was_given(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """F2: there is no network behind this client, only the issuer."""
        app = guarded(keys=None, jwks_uri=issuer.jwks_uri, http_client=issuer.http_client())
        assert (await app(issuer.access_token())).status == 200

    async def test_it_passes_a_second_time(self, app: Guarded, issuer: MockIssuer) -> None:
        """H2"""
        token = issuer.access_token()
        first, second, third = await app(token), await app(token), await app(token)
        assert first.scope["claims"] == second.scope["claims"]
        assert second.scope["auth"] is not third.scope["auth"]

    async def test_what_a_request_does_to_its_claims_another_does_not_see(
        self, app: Guarded, issuer: MockIssuer
    ) -> None:
        """H6: by means that even read-only containers do not withstand."""
        token = issuer.access_token(scopes="read")
        for _ in range(3):
            claims = (await app(token)).scope["claims"]
            assert "admin" not in claims
            dict.__setitem__(claims, "admin", True)


class TestARefusal:
    async def test_no_token(self, app: Guarded) -> None:
        """B1, B2, A6"""
        answer = await app()
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'
        assert answer.seen == []
        [error] = answer.errors
        assert isinstance(error, MissingToken)

    @pytest.mark.parametrize(
        "value", [b"Basic YTpi", b"Digest a=b", b"Negotiate abc", b"BearerX abc", b"Bearer-x a"]
    )
    async def test_another_scheme(self, app: Guarded, value: bytes) -> None:
        """A9, B2"""
        answer = await app(headers=[(b"authorization", value)])
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            pytest.param(
                [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
                "repeated",
                id="two fields",
            ),
            ([(b"authorization", b"Bearer")], "invalid"),
            ([(b"authorization", b"Bearer ")], "invalid"),
            ([(b"authorization", b"Bearer\tabc")], "invalid"),
            ([(b"authorization", b"Bearer:abc")], "invalid"),
            ([(b"authorization", b"bearer,abc")], "invalid"),
            ([(b"authorization", b"Bearer \tabc")], "invalid"),
            ([(b"authorization", b"Bearer a b")], "invalid"),
            ([(b"authorization", b"Bearer a\nb.c.d")], "invalid"),
            ([(b"authorization", b"Bearer \xff.\xff.\xff")], "invalid"),
        ],
    )
    @pytest.mark.parametrize("anonymous", [False, True])
    async def test_malformed_credentials(
        self, guarded: Callable[..., Guarded], headers: Any, reason: str, anonymous: bool
    ) -> None:
        """A1, A3, A6, A8, A9, B3: also where requests without a token pass."""
        answer = await guarded(allow_anonymous=anonymous)(headers=headers)
        assert answer.status == 400
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]
        [error] = answer.errors
        assert isinstance(error, InvalidRequest)
        assert error.reason.value == f"{reason}_credentials"

    async def test_a_token_that_is_too_large(self, guarded: Callable[..., Guarded]) -> None:
        """A7"""
        app = guarded()
        exactly, above = await app("a" * 16_384), await app("a" * 16_385)
        assert (exactly.status, above.status) == (401, 400)
        assert exactly.errors[0].reason is Reason.MALFORMED
        assert above.errors[0].reason is Reason.TOKEN_TOO_LARGE

    async def test_an_invalid_token(self, app: Guarded, issuer: MockIssuer) -> None:
        """B1, B3, B5"""
        answer = await app(issuer.access_token(exp=0))
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == (
            'Bearer realm="api", error="invalid_token", '
            'error_description="The access token has expired"'
        )
        assert json.loads(answer.body) == {
            "error": "invalid_token",
            "error_description": "The access token has expired",
        }
        assert answer.headers["content-length"] == str(len(answer.body))
        assert answer.headers["cache-control"] == "no-store"
        [error] = answer.errors
        assert error.reason is Reason.EXPIRED

    async def test_a_malformed_token_of_the_right_form(self, app: Guarded) -> None:
        """B3"""
        answer = await app("a.b.c")
        assert answer.status == 401
        assert answer.errors[0].reason is Reason.MALFORMED

    async def test_head_gets_the_headers_alone(self, app: Guarded) -> None:
        """B6"""
        head, get = await app(method="HEAD"), await app()
        assert head.body == b""
        assert head.headers == get.headers
        assert int(get.headers["content-length"]) == len(get.body) > 0

    async def test_there_is_one_start_and_one_end(self, app: Guarded) -> None:
        """B9"""
        answer = await app()
        assert [m["type"] for m in answer.sent] == ["http.response.start", "http.response.body"]

    async def test_each_answer_has_headers_of_its_own(self, app: Guarded) -> None:
        """B9: outer middleware adds to the list in place."""
        first = await app()
        first.sent[0]["headers"].append((b"access-control-allow-origin", b"*"))
        assert "access-control-allow-origin" not in (await app()).headers

    async def test_a_lack_of_scope_by_the_callers_own_check(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """G10, B3"""

        def check(token: AccessToken) -> bool:
            raise InsufficientScope("admin")

        answer = await guarded(checks=[check])(issuer.access_token())
        assert answer.status == 403
        assert answer.headers["www-authenticate"].endswith('scope="admin"')

    async def test_no_byte_of_a_token_reaches_the_client(
        self, app: Guarded, issuer: MockIssuer
    ) -> None:
        """B5"""
        claims: dict[str, Any] = {
            "iss": "https://EVIL.example/",
            "aud": "EVIL",
            "sub": "EVIL",
            "exp": "EVIL",
        }
        for name, value in claims.items():
            answer = await app(issuer.access_token(**{name: value}))
            assert b"EVIL" not in answer.body + str(answer.headers).encode()
        answer = await app(issuer.access_token(headers={"kid": "EVIL", "alg": "EVIL"}))
        assert b"EVIL" not in answer.body + str(answer.headers).encode()

    async def test_realm_and_metadata(self, guarded: Callable[..., Guarded]) -> None:
        """B1"""
        app = guarded(realm="messages", resource_metadata="https://api.example.com/.well-known/x")
        assert (await app()).headers["www-authenticate"] == (
            'Bearer realm="messages", resource_metadata="https://api.example.com/.well-known/x"'
        )


class TestAnOutage:
    async def test_it_is_503_and_never_401(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """B7, B5"""
        answer = await guarded(verifier=unavailable(issuer))(issuer.access_token())
        assert answer.status == 503
        assert answer.headers["retry-after"] == "7"
        assert "www-authenticate" not in answer.headers
        assert b"internal" not in answer.body + str(answer.headers).encode()
        assert answer.seen == []
        [error] = answer.errors
        assert isinstance(error, KeySetUnavailable)

    async def test_it_says_nothing_to_requests_without_a_token(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """B8"""
        assert (await guarded(verifier=unavailable(issuer))()).status == 401

    async def test_a_websocket_is_told_too(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """C2, B7"""
        app = guarded(verifier=unavailable(issuer))
        answer = await app(issuer.access_token(), type="websocket", **DENIAL)
        assert answer.status == 503
        assert answer.headers["retry-after"] == "7"


class TestWebSockets:
    @pytest.mark.parametrize("extensions", [{}, {"extensions": None}, {"extensions": {"x": {}}}])
    async def test_without_the_extension_it_is_closed_before_it_is_accepted(
        self, app: Guarded, extensions: dict[str, Any]
    ) -> None:
        """C1, C2"""
        answer = await app(type="websocket", **extensions)
        assert answer.sent == [{"type": "websocket.close", "code": 1008}]
        assert answer.seen == []

    async def test_with_the_extension_the_client_gets_the_real_answer(
        self, app: Guarded, issuer: MockIssuer
    ) -> None:
        """C1, C2"""
        answer = await app(issuer.access_token(exp=0), type="websocket", **DENIAL)
        assert [message["type"] for message in answer.sent] == [
            "websocket.http.response.start",
            "websocket.http.response.body",
        ]
        assert answer.status == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert json.loads(answer.body)["error"] == "invalid_token"
        assert answer.seen == []

    async def test_a_token_as_subprotocol_where_that_is_configured(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """A5, C3"""
        app = guarded(token_sources=[AuthorizationHeader(), WebSocketSubprotocol()])
        offered = ["chat", "bearer", issuer.access_token()]
        answer = await app(type="websocket", subprotocols=offered)
        assert answer.scope["subprotocols"] == ["chat", "bearer"]
        assert answer.scope["user"].is_authenticated is True
        assert (await app(type="websocket", subprotocols=["bearer", "é"], **DENIAL)).status == 400


class TestATokenThatWasValidOnce:
    """Its refusal is prepared; whether anybody listens must not show in the answer."""

    @pytest.fixture
    def now(self) -> list[float]:
        """One number, the time of the verifier."""
        return [2_000_000_000.0]

    @pytest.fixture
    def verifier(self, issuer: MockIssuer, now: list[float]) -> AccessTokenVerifier:
        trusted = TrustedIssuer(
            issuer=issuer.issuer, audience=issuer.audience, keys=StaticJWKSet(issuer.jwk_set())
        )
        return AccessTokenVerifier([trusted], clock=lambda: now[0])

    @pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
    @pytest.mark.parametrize("listens", [False, True])
    @pytest.mark.parametrize("anonymous", [False, True])
    @pytest.mark.parametrize(
        ("later", "reason"), [(3600.0, Reason.EXPIRED), (-3600.0, Reason.NOT_YET_VALID)]
    )
    async def test_it_is_refused_as_what_it_is_now(
        self,
        guarded: Callable[..., Guarded],
        verifier: AccessTokenVerifier,
        issuer: MockIssuer,
        now: list[float],
        caplog: pytest.LogCaptureFixture,
        level: int,
        listens: bool,
        anonymous: bool,
        later: float,
        reason: Reason,
    ) -> None:
        """A6, B1, G2, G3"""
        caplog.set_level(level, logger="asgi_jwks.requests")
        options = {"verifier": verifier, "allow_anonymous": anonymous}
        app = guarded(**options) if listens else guarded(**options, on_refused=None)
        token = issuer.access_token(iat=now[0], nbf=now[0], exp=now[0] + 60)
        assert (await app(token)).status == 200
        now[0] += later
        answer = await app(token)
        assert answer.status == 401
        assert answer.seen == []
        assert json.loads(answer.body)["error_description"] == reason.phrase
        assert f'error_description="{reason.phrase}"' in answer.headers["www-authenticate"]
        told = [error.reason for error in answer.errors if isinstance(error, InvalidToken)]
        assert told == [reason] * listens
        debugging = [record for record in caplog.records if record.levelno == logging.DEBUG]
        assert len(debugging) == (level == logging.DEBUG)


class TestAnonymousRequests:
    async def test_no_token_is_nobody_where_that_is_configured(
        self, guarded: Callable[..., Guarded]
    ) -> None:
        """A6, A10"""
        app = guarded(allow_anonymous=True)
        for headers in ([], [(b"authorization", b"Basic YTpi")]):
            answer = await app(headers=headers, claims={"sub": "admin"}, user="admin")
            assert answer.status == 200
            assert answer.errors == []
            assert isinstance(answer.scope["auth"], Anonymous)
            assert answer.scope["claims"] == {}
            assert answer.scope["user"].is_authenticated is False

    async def test_an_invalid_one_is_refused_there_too(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """A6"""
        app = guarded(allow_anonymous=True)
        assert (await app(issuer.access_token(exp=0))).status == 401
        assert (await app("garbage")).status == 401
        assert (await app("")).status == 400
        assert (await app(headers=[(b"authorization", b"Bearer")])).status == 400
        assert (
            await app(headers=[(b"authorization", b"a"), (b"authorization", b"b")])
        ).status == 400

    async def test_a_good_one_is_somebody(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """A6"""
        answer = await guarded(allow_anonymous=True)(issuer.access_token(subject="alice"))
        assert answer.scope["user"].identity == "alice"

    async def test_a_check_cannot_make_somebody_nobody(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """A6, G10"""

        def check(token: AccessToken) -> bool:
            raise MissingToken

        answer = await guarded(allow_anonymous=True, checks=[check])(issuer.access_token())
        assert answer.status == 401
        assert answer.seen == []


class TestPublicPaths:
    async def test_they_need_no_token_and_look_at_none(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """B11, A10"""
        app = guarded(public_paths=["/health", "/static/*"])
        for token in (None, "garbage", issuer.access_token()):
            answer = await app(token, path="/health", auth="spoofed")
            assert answer.status == 200
            assert isinstance(answer.scope["auth"], Anonymous)
        assert (await app(path="/static/a", type="websocket")).sent == [
            {"type": "websocket.accept"}
        ]

    async def test_a_subprotocol_s_token_is_gone_from_the_offer_there_too(
        self, guarded: Callable[..., Guarded]
    ) -> None:
        """A10: an application that accepts with an offered name would echo it."""
        app = guarded(public_paths=["/chat"], token_sources=WebSocketSubprotocol())
        offered = ["chat", "bearer", "secret", "bearer", "another"]
        answer = await app(type="websocket", path="/chat", subprotocols=offered)
        assert answer.scope["subprotocols"] == ["chat", "bearer", "bearer"]

    async def test_all_others_do(self, guarded: Callable[..., Guarded]) -> None:
        """B11"""
        app = guarded(public_paths=["/health", "/static/*"])
        for path in ("/", "/health/", "//health", "/static/../x"):
            assert (await app(path=path)).status == 401


class TestPreflights:
    @pytest.mark.parametrize(
        "request_",
        [
            {"method": "OPTIONS"},
            {"method": "OPTIONS", "headers": PREFLIGHT[:1]},
            {"method": "OPTIONS", "headers": PREFLIGHT[1:]},
            {"method": "GET", "headers": PREFLIGHT},
            {"method": "options", "headers": PREFLIGHT},
            {"type": "websocket", "headers": PREFLIGHT, **DENIAL},
        ],
    )
    async def test_what_is_none_never_passes(
        self, guarded: Callable[..., Guarded], request_: dict[str, Any], caplog: Any
    ) -> None:
        """B10"""
        app = guarded(allow_unauthenticated_preflight=True)
        assert (await app(**request_)).status == 401
        assert not caplog.records

    async def test_one_passes_where_that_is_configured(
        self, guarded: Callable[..., Guarded], caplog: pytest.LogCaptureFixture
    ) -> None:
        """B10, A10"""
        app = guarded(allow_unauthenticated_preflight=True)
        headers = [(name.title(), value) for name, value in PREFLIGHT]
        answer = await app(method="OPTIONS", headers=headers, auth="spoofed")
        assert answer.status == 200
        assert isinstance(answer.scope["auth"], Anonymous)
        assert not caplog.records

    async def test_a_refused_one_is_explained_once(
        self, guarded: Callable[..., Guarded], caplog: pytest.LogCaptureFixture
    ) -> None:
        """B10"""
        app = guarded()
        for _ in range(3):
            assert (await app(method="OPTIONS", headers=PREFLIGHT)).status == 401
        [record] = caplog.records
        assert record.levelno == logging.WARNING
        assert record.getMessage() == (
            "refused a CORS preflight, which never has a token. Add Starlette's CORSMiddleware "
            "after JWTBearerMiddleware, so that it answers first, or set "
            "allow_unauthenticated_preflight=True if the application answers it."
        )

    async def test_one_with_nothing_else_is_one_too(self, issuer: MockIssuer) -> None:
        """B10"""
        passed: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            passed.append(scope)

        guard: Any = JWTBearerMiddleware(
            app,
            issuer=issuer.issuer,
            audience=issuer.audience,
            keys=StaticJWKSet(issuer.jwk_set()),
            allow_unauthenticated_preflight=True,
        )
        await guard({"type": "http", "method": "OPTIONS", "headers": PREFLIGHT}, None, None)
        assert len(passed) == 1

    async def test_one_with_a_token_is_a_request_like_others(
        self, app: Guarded, issuer: MockIssuer
    ) -> None:
        """B10"""
        answer = await app(issuer.access_token(), method="OPTIONS", headers=PREFLIGHT)
        assert answer.status == 200


class TestTheApplicationsOwnAffairs:
    async def test_its_exceptions_are_its_own(self, issuer: MockIssuer) -> None:
        """B9, G10: even one of ours that the application raises itself."""
        for error in (ZeroDivisionError(), InvalidToken(Reason.EXPIRED), KeySetUnavailable("x")):

            async def app(scope: Any, receive: Any, send: Any, fault: Exception = error) -> None:
                raise fault

            guard: Any = JWTBearerMiddleware(
                app,
                issuer=issuer.issuer,
                audience=issuer.audience,
                keys=StaticJWKSet(issuer.jwk_set()),
            )
            headers = [(b"authorization", f"Bearer {issuer.access_token()}".encode())]
            with pytest.raises(type(error)):
                await guard({"type": "http", "path": "/", "headers": headers}, None, None)

    async def test_an_exception_of_a_check_is_too(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """G10"""

        async def check(token: AccessToken) -> bool:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await guarded(checks=[check])(issuer.access_token())

    async def test_lifespan_events_reach_it(self, app: Guarded) -> None:
        """C4"""
        answer = await app(type="lifespan")
        assert answer.scope["type"] == "lifespan"
        assert "auth" not in answer.scope

    async def test_a_server_without_lifespan_is_served_all_the_same(
        self, app: Guarded, issuer: MockIssuer
    ) -> None:
        """C5: the first thing that the guard ever sees is a request."""
        assert (await app(issuer.access_token())).status == 200

    async def test_an_application_without_lifespan_says_so_itself(self, issuer: MockIssuer) -> None:
        """C5: servers take an exception for "not supported" and go on."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            assert scope["type"] == "http"

        guard = JWTBearerMiddleware(
            app,
            issuer=issuer.issuer,
            audience=issuer.audience,
            keys=StaticJWKSet(issuer.jwk_set()),
        )

        async def receive() -> dict[str, Any]:
            return {"type": "lifespan.startup"}

        async def send(message: Any) -> None: ...

        with pytest.raises(AssertionError):
            await guard({"type": "lifespan"}, receive, send)

    @pytest.mark.parametrize("kind", ["ftp", "HTTP", "", "http2", "webtransport"])
    async def test_an_unknown_kind_of_connection_is_no_open_door(
        self, app: Guarded, issuer: MockIssuer, kind: str
    ) -> None:
        """A8"""
        with pytest.raises(RuntimeError, match=f"connections of type '{kind}'"):
            await app(issuer.access_token(), type=kind)


class TestMetrics:
    async def test_a_failing_callback_does_not_turn_a_refusal_into_an_error(
        self, guarded: Callable[..., Guarded], caplog: pytest.LogCaptureFixture
    ) -> None:
        """A8, B9"""

        def on_refused(error: Exception, scope: Any) -> None:
            raise ZeroDivisionError

        assert (await guarded(on_refused=on_refused)()).status == 401
        assert [record.getMessage() for record in caplog.records] == ["on_refused failed"]

    async def test_it_is_told_the_error_and_the_connection(
        self, guarded: Callable[..., Guarded]
    ) -> None:
        told: list[tuple[Exception, Any]] = []
        app = guarded(on_refused=lambda error, scope: told.append((error, scope)))
        await app(path="/messages")
        [(error, scope)] = told
        assert isinstance(error, MissingToken)
        assert scope["path"] == "/messages"

    async def test_there_need_not_be_one(self, guarded: Callable[..., Guarded]) -> None:
        assert (await guarded(on_refused=None)()).status == 401

    async def test_each_refusal_is_logged_for_debugging_and_without_the_token(
        self, app: Guarded, issuer: MockIssuer, caplog: pytest.LogCaptureFixture
    ) -> None:
        """H1, N10: the operator's line is of the first one alone."""
        token = forge.with_flipped_signature(issuer.access_token())
        await app(token)
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        caplog.clear()
        caplog.set_level(logging.DEBUG, "asgi_jwks")
        await app(token)
        [record] = caplog.records
        assert record.levelno == logging.DEBUG
        assert (
            record.getMessage()
            == "refused: The access token is not signed by a key of an issuer trusted here"
        )
        for part in token.split("."):
            assert part not in caplog.text


class TestConfiguration:
    def test_either_an_issuer_or_a_verifier(self) -> None:
        """F14"""
        with pytest.raises(ConfigurationError) as error:
            JWTBearerMiddleware(_app)
        assert str(error.value) == (
            'Write JWTBearerMiddleware(..., issuer="https://example.eu.auth0.com/", '
            'audience="https://api.example.com"), or JWTBearerMiddleware(..., verifier=...).'
        )

    @pytest.mark.parametrize(
        "option",
        [
            {"issuer": "https://i/"},
            {"audience": "a"},
            {"jwks_uri": "https://x/"},
            {"keys": object()},
            {"algorithms": ["ES256"]},
            {"http_client": object()},
            {"leeway": 10.0},
            {"profile": "rfc9068"},
            {"audience_claim": "client_id"},
            {"required_claims": ["sub"]},
            {"checks": [bool]},
            {"gateway_proves_binding": True},
            {"allow_insecure_http": True},
        ],
        ids=lambda option: next(iter(option)),
    )
    def test_rules_beside_a_verifier_would_not_be_applied(
        self, issuer: MockIssuer, option: dict[str, Any]
    ) -> None:
        """F14"""
        verifier = unavailable(issuer)
        with pytest.raises(ConfigurationError, match="belong to the AccessTokenVerifier"):
            JWTBearerMiddleware(_app, verifier=verifier, **option)
        assert JWTBearerMiddleware(_app, verifier=verifier).verifier is verifier

    @pytest.mark.parametrize("audience", [None, (), ""])
    def test_an_audience_is_required(self, audience: Any) -> None:
        """F14, G6"""
        with pytest.raises(ConfigurationError, match="audience"):
            JWTBearerMiddleware(_app, issuer="https://issuer.example/", audience=audience)

    def test_an_empty_issuer_is_none(self) -> None:
        """F14"""
        with pytest.raises(ConfigurationError, match="issuer must be"):
            JWTBearerMiddleware(_app, issuer="", audience="a")

    def test_a_source_of_tokens_is_required(self) -> None:
        """F14"""
        with pytest.raises(ConfigurationError, match="token_sources must be token sources"):
            JWTBearerMiddleware(_app, issuer="https://i/", audience="a", token_sources=())

    async def test_options_reach_the_issuer(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        options: dict[str, Any] = {
            "algorithms": ["RS256", "ES256"],
            "leeway": 7.0,
            "profile": "rfc9068",
            "audience_claim": "client_id",
            "audience": ["x", "y"],
            "required_claims": ["org"],
            "checks": [bool],
            "gateway_proves_binding": True,
        }
        guard = JWTBearerMiddleware(
            _app, issuer=issuer.issuer, keys=StaticJWKSet(issuer.jwk_set()), **options
        )
        [trusted] = guard.verifier._issuers.configured.values()
        rules = trusted.rules
        assert rules.algorithms == {"RS256", "ES256"}
        assert rules.leeway == 7.0
        assert rules.profile == "rfc9068"
        assert rules.audience_claim == "client_id"
        assert rules.audiences == frozenset({"x", "y"})
        assert rules.required_claims == ("org",)
        assert rules.proven_bindings == {"dpop", "certificate"}
        assert tuple(trusted.checks) == (bool,)

    async def test_where_the_keys_are_reaches_the_key_set(self) -> None:
        with pytest.raises(ConfigurationError, match="https"):
            JWTBearerMiddleware(_app, issuer="i", audience="a", jwks_uri="http://x.example/")
        client: Any = object()
        with pytest.raises(ConfigurationError):
            JWTBearerMiddleware(_app, issuer="i", audience="a", http_client=client, keys=client)
        JWTBearerMiddleware(
            _app, issuer="i", audience="a", jwks_uri="http://x.example/", allow_insecure_http=True
        )

    async def test_two_sources_at_once(
        self, guarded: Callable[..., Guarded], issuer: MockIssuer
    ) -> None:
        """A4, A5"""
        app = guarded(token_sources=[AuthorizationHeader(), Cookie("at")])
        cookie = (b"cookie", f"at={issuer.access_token()}".encode())
        assert (await app(headers=[cookie])).status == 200
        both = await app(issuer.access_token(), headers=[cookie])
        assert both.status == 400
        assert both.errors[0].reason is Reason.REPEATED_CREDENTIALS
        assert (await app(headers=[(b"cookie", b"at=\xff\xfe")])).status == 400


async def _app(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize("signature", [b"!", b"\xa7"], ids=["not base64url", "not ASCII"])
@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b'{"alg":"none"}', id="algorithm"),
        pytest.param(b'{"alg":"RS256","crit":["b64"]}', id="parameter"),
        pytest.param(b'{"alg":"RS256","typ":"dpop+jwt"}', id="type"),
        pytest.param(b'{"alg":"RS256","kid":"unknown"}', id="key"),
        pytest.param(b'{"alg":"RS256"}', id="ambiguous key"),
    ],
)
async def test_malformed_credentials_are_400_whatever_their_header_says(
    guarded: Callable[..., Guarded], issuer: MockIssuer, header: bytes, signature: bytes
) -> None:
    """A1, B3: the form of the credentials is judged before the token in them."""
    jwks: list[Any] = [issuer.jwk_set(), MockIssuer().jwk_set()]
    keys = StaticJWKSet({"keys": [jwk for each in jwks for jwk in each["keys"]]})
    token = forge.segment(header).encode() + b".e30." + signature
    answer = await guarded(keys=keys)(headers=[(b"authorization", b"Bearer " + token)])
    assert answer.status == 400
    [error] = answer.errors
    assert error.reason is Reason.INVALID_CREDENTIALS
