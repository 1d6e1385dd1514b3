"""Each mistake is played through the middleware, and the log says what to write."""

import logging
import re
from dataclasses import replace

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples
from tests.support.mistakes import MISTAKES, NOW, PAGE, Mistake, page, play

from asgi_jwks import (
    AccessTokenVerifier,
    JWTBearerMiddleware,
    KindRule,
    Reason,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.errors import InsufficientScope, InvalidToken
from asgi_jwks.events import Hint
from asgi_jwks.testing import MockIssuer, SigningKey, forgery

LOGGER = "asgi_jwks.requests"
# A line that is longer is not read at once.
LONGEST = 240
BY_NAME = {mistake.name: mistake for mistake in MISTAKES}

KEY = SigningKey.generate("RS256", kid="k1")


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The operator's lines, which have a hint; those of DEBUG have none."""
    return [r for r in caplog.records if r.name == LOGGER and hasattr(r, "hint")]


@pytest.mark.anyio
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
async def test_a_mistake_is_answered_in_the_log_by_a_sentence_that_names_the_mend(
    mistake: Mistake, caplog: pytest.LogCaptureFixture
) -> None:
    """P4, N10"""
    caplog.set_level(logging.INFO, LOGGER)
    statuses = await play(mistake)
    assert statuses[-1] == mistake.status
    record = lines(caplog)[-1]
    assert (record.levelno, vars(record)["hint"]) == (mistake.level, mistake.hint)
    for words in mistake.says:
        assert words in record.getMessage()
    assert vars(record)["count"] == 1
    _, _, sentence = record.getMessage().partition(": ")
    # What is quoted, an address and a name are as long as they are.
    assert len(re.sub(r"'[^']*'|https?://\S+", "", sentence)) <= LONGEST


@pytest.mark.anyio
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
async def test_a_fleet_of_refusals_is_one_line_for_each_cause(
    mistake: Mistake, caplog: pytest.LogCaptureFixture
) -> None:
    """N10, W6"""
    caplog.set_level(logging.INFO, LOGGER)
    assert await play(mistake, times=20)
    hints = [vars(record)["hint"] for record in lines(caplog)]
    assert hints.count(mistake.hint) == 1
    # Unknown keys are one cause before the budget is spent, and another one then.
    assert set(hints) <= {mistake.hint, Hint.KEY, Hint.REFETCH_BUDGET_SPENT}


def test_the_guide_has_each_mistake_and_its_line() -> None:
    """P4, N10"""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "write it anew: uv run python -m tests.support.mistakes"


def test_mistakes_have_names_of_their_own() -> None:
    """P4"""
    assert len(BY_NAME) == len(MISTAKES)


class Requests:
    """An application behind the middleware, which trusts some issuers; its answers."""

    def __init__(self, *issuers: MockIssuer, **options: object) -> None:
        trusted = [
            TrustedIssuer(
                issuer=i.issuer, audience="https://api.example.com", keys=StaticJWKSet(i.jwk_set())
            )
            for i in issuers
        ]
        given = {"clock": lambda: NOW, **options}
        # Any option of AccessTokenVerifier.
        verifier = AccessTokenVerifier(*trusted, **given)  # type: ignore[arg-type]
        self.app = JWTBearerMiddleware(self._app, verifier=verifier)
        self.statuses: list[int] = []

    async def _app(self, _scope: object, _receive: object, send: object) -> None:
        await self.send({"type": "http.response.start", "status": 200})

    async def send(self, message: object) -> None:
        assert isinstance(message, dict)
        if "status" in message:
            self.statuses.append(message["status"])

    async def __call__(self, token: str) -> int:
        fields = [(b"authorization", f"Bearer {token}".encode())]
        scope = {"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": fields}
        await self.app(scope, None, self.send)
        return self.statuses[-1]


def issuer_named(name: str) -> MockIssuer:
    return MockIssuer(issuer=name, key=SigningKey.generate(kid=name), clock=lambda: NOW)


@pytest.mark.anyio
async def test_the_label_is_the_configured_issuer_that_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """N7: of several, and "_other" for one that is not configured."""
    a, b, c = map(issuer_named, ("https://a.example/", "https://b.example/", "https://c.example/"))
    requests = Requests(a, b)
    for issuer in (a, b, c):
        assert await requests(issuer.access_token(audience="x")) == 401
    labels = [(vars(r)["issuer"], vars(r)["reason"]) for r in lines(caplog)]
    assert labels == [
        ("https://a.example/", "wrong_audience"),
        ("https://b.example/", "wrong_audience"),
        ("_other", "unknown_issuer"),
    ]


@pytest.mark.anyio
async def test_a_resolved_issuer_is_no_label(caplog: pytest.LogCaptureFixture) -> None:
    """N7: a resolver may know any number of tenants."""
    a, tenant = map(issuer_named, ("https://a.example/", "https://tenant.example/"))

    async def resolver(name: str) -> TrustedIssuer | None:
        return TrustedIssuer(
            issuer=name, audience="x", keys=StaticJWKSet(tenant.jwk_set()), grants=["read"]
        )

    requests = Requests(a, resolver=resolver)
    assert await requests(tenant.access_token(audience="y")) == 401
    [record] = lines(caplog)
    assert vars(record)["issuer"] == "_other"
    assert "'y'" in record.getMessage()


@pytest.mark.anyio
async def test_a_token_that_was_accepted_and_expired_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """N10"""
    caplog.set_level(logging.INFO, LOGGER)
    a, now = issuer_named("https://a.example/"), [NOW]
    requests = Requests(a, clock=lambda: now[0])
    token = a.access_token(audience="https://api.example.com", lifetime=60)
    assert [await requests(token), await requests(token)] == [200, 200]
    now[0] += 100
    assert await requests(token) == 401
    [record] = lines(caplog)
    assert "has expired since it was accepted" in record.getMessage()
    assert vars(record)["issuer"] == "https://a.example/"


@pytest.mark.anyio
async def test_a_check_of_ones_own_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """N10"""
    a = issuer_named("https://a.example/")
    trusted = TrustedIssuer(
        issuer=a.issuer,
        audience="x",
        keys=StaticJWKSet(a.jwk_set()),
        checks=[lambda _token: False],
    )
    requests = Requests(a)
    requests.app = JWTBearerMiddleware(
        requests._app, verifier=AccessTokenVerifier(trusted, clock=lambda: NOW)
    )
    assert await requests(a.access_token(audience="x")) == 401
    [record] = lines(caplog)
    assert vars(record)["hint"] == Hint.CHECK


@pytest.mark.anyio
async def test_an_error_of_the_applications_own_checks_has_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """N10: nobody explained it."""
    requests = Requests(issuer_named("https://a.example/"))
    requests.app.authentication.refusal(InvalidToken(Reason.CHECK_FAILED), {})
    [record] = lines(caplog)
    assert vars(record)["reason"] == "check_failed"


@pytest.mark.anyio
async def test_a_route_that_needs_more_of_nobody_knows_whom_has_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """B12, N10: frameworks may raise it where no token is on the scope."""
    requests = Requests(issuer_named("https://a.example/"))
    requests.app.authentication.refusal(InsufficientScope("read"), {})
    [record] = lines(caplog)
    assert vars(record)["issuer"] == "_other"
    assert "the route needs the scope 'read': have the client ask for it" in record.getMessage()


@pytest.mark.anyio
async def test_before_keys_are_at_hand_a_value_is_called_unverified(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """P4: a token that is refused anyway does not cost a fetch, and nobody has vouched for it."""
    mistake = replace(
        BY_NAME["Keys are unavailable"], token=lambda issuer: issuer.access_token(audience="x")
    )
    assert await play(mistake) == [401]
    [record] = lines(caplog)
    assert "aud is 'x' (unverified)" in record.getMessage()


CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
SEGMENTS = st.text(CHARACTERS, min_size=1, max_size=60)


def is_leaked(part: str, text: str) -> bool:
    return any(part[i : i + 12] in text for i in range(max(len(part) - 11, 0)))


@examples(60)
@given(segments=st.lists(SEGMENTS, min_size=1, max_size=6))
def test_no_line_has_a_part_of_a_random_token(segments: list[str]) -> None:
    """H1: whatever its form is."""
    token = ".".join(segments)
    text = captured(token)
    assert not any(is_leaked(segment, text) for segment in segments)


@examples(60)
@given(
    claims=st.dictionaries(st.sampled_from(["iss", "aud", "typ", "cnf", "scope"]), st.text()),
    header=st.dictionaries(st.sampled_from(["kid", "typ", "alg", "crit"]), st.text()),
    is_forged=st.booleans(),
)
def test_no_line_has_a_part_of_a_signature(
    claims: dict[str, object], header: dict[str, object], is_forged: bool
) -> None:
    """H1: nor of the segments of a well-formed one."""
    issuer = MockIssuer(issuer="https://a.example/", key=KEY, clock=lambda: NOW)
    token = issuer.mint({"sub": "alice", **claims}, lifetime=60, headers=header)
    if is_forged:
        token = forgery.with_flipped_signature(token)
    text = captured(token)
    assert not any(is_leaked(segment, text) for segment in token.split("."))


def captured(token: str) -> str:
    """All lines that a request with this token causes, at every level, with their attributes."""
    records: list[logging.LogRecord] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    log, handler = logging.getLogger("asgi_jwks"), Handler()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        issuer = MockIssuer(issuer="https://a.example/", key=KEY, clock=lambda: NOW)
        assert anyio.run(Requests(issuer), token) in {200, 400, 401}
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    assert records
    return "\n".join(f"{record.getMessage()} {vars(record)}" for record in records)


@pytest.mark.anyio
async def test_a_part_of_the_applications_own_that_fails_in_the_log_makes_no_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A8, B9: a kind rule is shown by its str."""

    class Proof:
        def holds(self, _header: object, _claims: object) -> bool:
            return False

        def __str__(self) -> str:
            raise ZeroDivisionError

    a = issuer_named("https://a.example/")
    trusted = TrustedIssuer(
        issuer=a.issuer,
        audience="x",
        keys=StaticJWKSet(a.jwk_set()),
        kind=KindRule(proof=Proof()),
    )
    requests = Requests(a)
    requests.app = JWTBearerMiddleware(
        requests._app, verifier=AccessTokenVerifier(trusted, clock=lambda: NOW)
    )
    assert await requests(a.access_token(audience="x")) == 401
    assert "a refusal could not be logged" in caplog.text
