"""A second policy beside the live one: it refuses nothing, and tells what it would refuse."""

import logging
import time
from typing import Any

import pytest

from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    InsufficientScope,
    JWTBearerMiddleware,
    KindRule,
    Reason,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.events import Event, Hint, RequestAccepted, RequestLabels, WouldBeRefused
from asgi_jwks.testing import MockIssuer, SigningKey
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.proofs import HasClaim

NOW = float(int(time.time()))


class Clock:
    ahead = 0.0

    def __call__(self) -> float:
        return NOW + self.ahead


class Guarded:
    """A lax API of one issuer, and a stricter policy in report-only mode."""

    def __init__(self, *, live: dict[str, Any] | None = None, **stricter: Any) -> None:
        self.issuer = MockIssuer(clock=lambda: NOW, key=SigningKey.generate("RS256", kid="k"))
        self.clock = Clock()
        self.heard: list[Event] = []
        keys = StaticJWKSet(self.issuer.jwk_set())
        common: dict[str, Any] = {
            "issuer": self.issuer.issuer,
            "audience": [*_listed(self.issuer.audience), "old-name"],
            "keys": keys,
        }
        verifier = AccessTokenVerifier(
            TrustedIssuer(**{**common, "leeway": 60, **(live or {})}), clock=self.clock
        )
        self.app = JWTBearerMiddleware(
            self._app,
            verifier=verifier,
            listener=self.heard.append,
            report_only=[TrustedIssuer(**{**common, **stricter})],
        )
        self.status = 0

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def __call__(self, **claims: Any) -> list[Reason]:
        """Send a token; the reasons for which the second policy would refuse it."""
        return await self.send(self.issuer.access_token(**claims))

    async def send(self, token: str) -> list[Reason]:
        before = len(self.heard)
        fields = [(b"authorization", f"Bearer {token}".encode())]

        async def send(message: Any) -> None:
            self.status = message.get("status", self.status)

        scope = {"type": "http", "method": "GET", "path": "/", "headers": fields}
        await self.app(scope, None, send)
        # It refuses nothing.
        assert self.status == 200
        return [event.reason for event in self.heard[before:] if isinstance(event, WouldBeRefused)]


def _listed(audience: Any) -> list[str]:
    return [audience] if isinstance(audience, str) else list(audience)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("stricter", "claims", "reason"),
    [
        ({"audience": "https://api.example.com"}, {"audience": "old-name"}, Reason.WRONG_AUDIENCE),
        ({"algorithms": ["ES256"]}, {}, Reason.ALGORITHM_NOT_ALLOWED),
        ({"profile": "rfc9068"}, {}, Reason.WRONG_TYPE),
        ({"kind": KindRule(proof=HasClaim("jti"))}, {"without": "jti"}, Reason.NOT_AN_ACCESS_TOKEN),
        ({"min_rsa_bits": 3072}, {}, Reason.KEY_TOO_SMALL),
        ({"required_claims": ["email"]}, {}, Reason.MISSING_CLAIM),
        ({"checks": [lambda token: False]}, {}, Reason.CHECK_FAILED),
    ],
    ids=["audience", "algorithm", "profile", "kind", "key size", "claims", "check"],
)
async def test_each_rule_is_tried_without_a_refusal(
    stricter: dict[str, Any],
    claims: dict[str, Any],
    reason: Reason,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """O6: as an event of its own name, and as a line that says what would be refused."""
    guarded = Guarded(**stricter)
    assert await guarded(**claims) == [reason]
    accepted, would = guarded.heard
    assert isinstance(accepted, RequestAccepted)
    assert isinstance(would, WouldBeRefused)
    assert would.labels == RequestLabels(guarded.issuer.issuer)
    assert would.status == 401
    [record] = [r for r in caplog.records if hasattr(r, "is_report_only")]
    assert record.levelno == logging.WARNING
    assert "accepted, and report_only would refuse with 401" in record.getMessage()
    assert vars(record)["reason"] == reason


@pytest.mark.anyio
async def test_a_token_that_the_policy_accepts_is_not_told() -> None:
    """O6"""
    assert await Guarded()() == []


@pytest.mark.anyio
async def test_a_remembered_token_is_judged_by_its_times_alone() -> None:
    """O6: each token is told once by each worker, however often it is sent."""
    judged: list[AccessToken] = []

    def check(token: AccessToken) -> bool:
        judged.append(token)
        return False

    guarded = Guarded(checks=[check])
    token = guarded.issuer.access_token()
    assert await guarded.send(token) == [Reason.CHECK_FAILED]
    assert await guarded.send(token) == await guarded.send(token) == []
    assert len(judged) == 1


@pytest.mark.anyio
async def test_a_shorter_leeway_shows_in_tokens_that_were_remembered() -> None:
    """O6: as they expire, which happens long after they were verified."""
    guarded = Guarded(leeway=0)
    token = guarded.issuer.access_token(lifetime=100)
    assert await guarded.send(token) == []
    guarded.clock.ahead = 99
    assert await guarded.send(token) == []
    guarded.clock.ahead = 101
    assert await guarded.send(token) == [Reason.EXPIRED]
    [would] = [event for event in guarded.heard if isinstance(event, WouldBeRefused)]
    assert would.advice.hint == Hint.EXPIRED
    assert "expired 1 s ago" in would.advice.sentence


@pytest.mark.anyio
async def test_a_check_that_demands_a_scope_is_told() -> None:
    """O6"""

    def check(token: AccessToken) -> bool:
        raise InsufficientScope("admin")

    guarded = Guarded(checks=[check])
    assert await guarded() == [Reason.INSUFFICIENT_SCOPE]
    [would] = [event for event in guarded.heard if isinstance(event, WouldBeRefused)]
    assert would.advice.sentence


@pytest.mark.anyio
async def test_a_policy_that_raises_refuses_nothing_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """O6"""

    def check(token: AccessToken) -> bool:
        raise ZeroDivisionError

    guarded = Guarded(checks=[check])
    for number in range(3):
        assert await guarded(subject=f"user-{number}") == []
    [record] = [r for r in caplog.records if r.exc_info]
    assert "report_only could not judge a token" in record.getMessage()


@pytest.mark.anyio
async def test_advice_that_raises_refuses_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O6"""

    def advise(token: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("asgi_jwks.tokens.report_only.advise", advise)
    guarded = Guarded(required_claims=["email"])
    assert await guarded() == [Reason.MISSING_CLAIM]
    assert "a report could not be logged" in caplog.text


@pytest.mark.anyio
async def test_without_a_listener_there_is_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """O6: and a policy for another issuer judges nothing."""
    one, other = MockIssuer(), MockIssuer(issuer="https://other.example/")
    live = [
        TrustedIssuer(issuer=i.issuer, audience=i.audience, keys=StaticJWKSet(i.jwk_set()))
        for i in (one, other)
    ]
    stricter = TrustedIssuer(
        issuer=one.issuer,
        audience=one.audience,
        keys=StaticJWKSet(one.jwk_set()),
        required_claims=["email"],
    )
    app = JWTBearerMiddleware(_ok, *live, report_only=stricter)

    async def send(message: Any) -> None: ...

    for issuer in (other, one):
        fields = [(b"authorization", f"Bearer {issuer.access_token()}".encode())]
        await app({"type": "http", "method": "GET", "path": "/", "headers": fields}, None, send)
    [record] = [r for r in caplog.records if hasattr(r, "is_report_only")]
    assert vars(record)["issuer"] == one.issuer


async def _ok(scope: Any, receive: Any, send: Any) -> None: ...


def test_a_policy_that_would_judge_nothing_is_refused() -> None:
    """A11"""
    issuer = MockIssuer()
    keys = StaticJWKSet(issuer.jwk_set())
    live = TrustedIssuer(issuer=issuer.issuer, audience="a", keys=keys)
    other = TrustedIssuer(issuer="https://other.example/", audience="a", keys=keys)
    for policy in ([other], [live, live]):
        with pytest.raises(ConfigurationError, match="report_only must have one TrustedIssuer"):
            JWTBearerMiddleware(_ok, live, report_only=policy)
    with pytest.raises(ConfigurationError, match=r"same rules .* as the live policy"):
        JWTBearerMiddleware(_ok, live, report_only=live)
    JWTBearerMiddleware(
        _ok,
        live,
        report_only=TrustedIssuer(
            issuer=issuer.issuer, audience="a", keys=keys, checks=[lambda token: True]
        ),
    )
    wrong: Any = "strict"
    with pytest.raises(ConfigurationError, match="report_only: Issuers are TrustedIssuer"):
        JWTBearerMiddleware(_ok, live, report_only=wrong)
