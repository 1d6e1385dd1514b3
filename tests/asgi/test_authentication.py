"""The decision by itself, as the middleware and FastAPI's dependency share it."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from tests.support.trusted import ISSUER

import asgi_jwks
from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    DPoP,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    JWTBearerMiddleware,
    MissingToken,
    Reason,
    StaticJWKSet,
    TemporarilyUnavailable,
)
from asgi_jwks.asgi.authentication import AROUND, Authentication

pytestmark = pytest.mark.anyio

PACKAGE = Path(asgi_jwks.__file__).parent


def verifier(**options: Any) -> AccessTokenVerifier:
    return AccessTokenVerifier(
        issuer=ISSUER.issuer,
        audience=ISSUER.audience,
        keys=StaticJWKSet(ISSUER.jwk_set()),
        **options,
    )


def connection(token: str | None = None) -> dict[str, Any]:
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    return {"type": "http", "method": "GET", "path": "/", "headers": headers}


async def test_it_is_a_token_or_nobody_or_an_error() -> None:
    """A6"""
    strict, lenient = Authentication(verifier()), Authentication(verifier(), allow_anonymous=True)
    for authentication in (strict, lenient):
        token = await authentication.authenticate(connection(ISSUER.access_token(subject="ada")))
        assert token is not None
        assert token.subject == "ada"
        with pytest.raises(InvalidToken):
            await authentication.authenticate(connection(ISSUER.access_token(exp=0)))
    assert await lenient.authenticate(connection()) is None
    with pytest.raises(MissingToken):
        await strict.authenticate(connection())


class Query:
    """A source of an application's own, which takes what it finds."""

    def __init__(self, token: Any) -> None:
        self.token = token

    def find(self, scope: Any) -> Any:
        token, self.token = self.token, None
        return token


@pytest.mark.parametrize("token", [b"a.b.c", b"a b", "a.b.c"], ids=repr)
async def test_a_source_that_gives_its_token_once_is_answered_all_the_same(token: Any) -> None:
    """A8"""
    authentication = Authentication(verifier(), token_sources=[Query(token)])
    with pytest.raises(InvalidToken) as refused:
        await authentication.authenticate(connection())
    assert refused.value.reason is Reason.MALFORMED


class Text(Query):
    """One that gives text, each time."""

    def find(self, scope: Any) -> Any:
        return self.token


@pytest.mark.parametrize("token", ["a b", "ä", "\ud800"], ids=ascii)
async def test_a_source_may_give_text_of_any_form(token: str) -> None:
    """A8, A11"""
    authentication = Authentication(verifier(), token_sources=[Text(token)])
    with pytest.raises(InvalidRequest):
        await authentication.authenticate(connection())
    good = Authentication(verifier(), token_sources=[Text(ISSUER.access_token())])
    assert await good.authenticate(connection()) is not None


# H7: error collectors record the locals of frames.


def frames_of(traceback: TracebackType | None) -> Iterator[Any]:
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def outer_frames() -> Iterator[Any]:
    frame = inspect.currentframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def assert_no_local_has(token: str, frames: Iterator[Any], *, at_least: int = 1) -> None:
    """But for the connection's scope, which is the server's."""
    signature = token.split(".")[2]
    seen = 0
    for frame in frames:
        if "asgi_jwks" not in frame.f_code.co_filename:
            continue
        seen += 1
        for name, value in frame.f_locals.items():
            if name != "scope":
                shown = value.decode("latin-1") if isinstance(value, bytes) else repr(value)
                assert signature not in shown, f"{name} of {frame.f_code.co_qualname}"
    assert seen >= at_least


@pytest.mark.parametrize("how", ["new", "seen before"])
async def test_no_frame_around_the_application_has_the_token_as_a_local(how: str) -> None:
    """H7"""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert_no_local_has(token, outer_frames())
        raise ZeroDivisionError

    token = ISSUER.access_token()
    guard = JWTBearerMiddleware(app, verifier=verifier())
    if how == "seen before":
        await guard.verifier.verify(token)
    with pytest.raises(ZeroDivisionError) as raised:
        await guard(connection(token), None, None)
    frames = frames_of(raised.tb)
    ours = (frame for frame in frames if PACKAGE in Path(frame.f_code.co_filename).parents)
    assert_no_local_has(token, ours)


@pytest.mark.parametrize("how", ["new", "seen before"])
async def test_no_frame_around_a_check_has_the_token_as_a_local(how: str) -> None:
    """H7"""
    calls = 0

    async def check(access: AccessToken) -> bool:
        nonlocal calls
        calls += 1
        assert_no_local_has(token, outer_frames())
        return True

    token = ISSUER.access_token()
    authentication = Authentication(verifier(checks=[check]))
    for _ in range(1 if how == "new" else 2):
        await authentication.authenticate(connection(token))
    assert calls > 0


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(ISSUER.access_token(exp=0), id="expired"),
        pytest.param(ISSUER.access_token() + "!", id="malformed credentials"),
        pytest.param(ISSUER.access_token(headers={"kid": "unknown"}), id="unknown key"),
        pytest.param(ISSUER.access_token(aud="other"), id="another audience"),
    ],
)
async def test_the_frames_of_a_refusal_do_not_have_the_token_as_a_local(token: str) -> None:
    """H7: a listener may hand the error to an error collector."""
    heard: list[Exception] = []
    guard = JWTBearerMiddleware(
        _app, verifier=verifier(), on_refused=lambda error, _: heard.append(error)
    )

    async def send(message: Any) -> None: ...

    await guard(connection(token), None, send)
    error: BaseException | None = heard[0]
    while error is not None:
        assert_no_local_has(token, frames_of(error.__traceback__), at_least=0)
        context = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or context


async def _app(scope: Any, receive: Any, send: Any) -> None: ...


# Listeners.


@pytest.mark.parametrize("error", [MissingToken(), TemporarilyUnavailable("x", retry_after=2)])
def test_the_listener_nearest_to_a_refusal_hears_of_it(error: Any) -> None:
    """B12: once, of an outage that is not the keys' as well."""
    inner_heard: list[Any] = []
    outer_heard: list[Any] = []
    outer = Authentication(verifier(), on_refused=lambda e, _: outer_heard.append(e))
    deaf = Authentication(verifier())
    inner = Authentication(verifier(), on_refused=lambda e, _: inner_heard.append(e))
    deaf.refusal(error, {AROUND: outer})
    assert outer_heard == [error]
    inner.refusal(error, {AROUND: outer})
    assert (outer_heard, inner_heard) == ([error], [error])
    for scope in ({}, {AROUND: None}, {AROUND: deaf}):
        assert deaf.refusal(error, scope).status in {401, 503}


def test_a_refusal_that_cannot_be_logged_is_answered_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A8, B9: a stand-in of an application's tests need not be a whole token."""
    heard: list[Any] = []
    authentication = Authentication(verifier(), on_refused=lambda e, _: heard.append(e))
    error = InsufficientScope("read")
    without_issuer: dict[str, Any] = {"sub": "ada"}
    scope = {**connection(), "auth": AccessToken(without_issuer)}
    assert authentication.refusal(error, scope).status == 403
    assert heard == [error]
    assert "a refusal could not be logged" in caplog.text


class _Stricter(AccessTokenVerifier):
    """A verifier of somebody's own, which refuses more."""

    async def verify(self, token: str | bytes, *, proof: Any = None) -> AccessToken:
        verified = await super().verify(token, proof=proof)
        if verified.subject != "ada":
            raise InvalidToken(Reason.CHECK_FAILED)
        return verified


@pytest.mark.parametrize("proofs", [False, True], ids=["bearer", "with_proofs"])
@pytest.mark.parametrize("told", ["nobody", "by_the_verifier", "by_the_middleware"])
@pytest.mark.parametrize("how", ["subclass", "instance"])
async def test_a_verify_of_somebodys_own_is_asked(how: str, told: str, proofs: bool) -> None:
    """A11, G10: whoever listens, and however a request may present its token."""
    options: dict[str, Any] = {"listener": print} if told == "by_the_verifier" else {}
    if proofs:
        options["dpop"] = DPoP(public_origin="https://api.example.com")
    stricter = _Stricter(
        issuer=ISSUER.issuer,
        audience=ISSUER.audience,
        keys=StaticJWKSet(ISSUER.jwk_set()),
        **options,
    )
    if how == "instance":
        plain = verifier(**options)
        plain.verify = stricter.verify  # type: ignore[method-assign]
        stricter = plain  # type: ignore[assignment]
    listening: dict[str, Any] = {"listener": print} if told == "by_the_middleware" else {}
    authentication = Authentication(stricter, **listening)
    token = await authentication.authenticate(connection(ISSUER.access_token(subject="ada")))
    assert token is not None
    with pytest.raises(InvalidToken) as refused:
        await authentication.authenticate(connection(ISSUER.access_token(subject="eve")))
    assert refused.value.reason is Reason.CHECK_FAILED
