"""Where the application's code runs, no frame has the token or its signature as a local."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.types import Receive, Scope, Send

import asgi_jwks
from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    InvalidToken,
    JWTBearerMiddleware,
    TrustedIssuer,
)
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.anyio

Trusted = Callable[..., TrustedIssuer]

PACKAGE = Path(asgi_jwks.__file__).parent


def is_ours(frame: FrameType) -> bool:
    # In a checkout and where the package is installed.
    return Path(frame.f_code.co_filename).is_relative_to(PACKAGE)


def frames() -> Iterator[FrameType]:
    """The frames of our package below the caller; a server's and a test's are their own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_ours(frame):
            yield frame
        frame = frame.f_back


def locals_with(token: str, found: Iterator[FrameType]) -> list[str]:
    """The locals that show the token's signature, as an error collector would record them."""
    signature = token.rpartition(".")[2]
    return [
        f"{frame.f_code.co_qualname}: {name}"
        for frame in found
        for name, value in frame.f_locals.items()
        # The server's scope apart, which has the header fields.
        if not isinstance(value, dict) and signature[:40] in repr(value)
    ]


async def test_no_error_behind_a_refusal_has_the_signature(
    trusted: Trusted, issuer: MockIssuer
) -> None:
    """H7: of a good token with a character behind it, whose signature is malformed."""
    token = f"{issuer.access_token()}="
    found: list[str] = []

    def look(error: BaseException, _scope: Scope) -> None:
        behind: BaseException | None = error
        while behind is not None:
            walked = (frame for frame, _ in walk_tb(behind.__traceback__))
            found.extend(locals_with(token.rstrip("="), filter(is_ours, walked)))
            behind = behind.__cause__ or behind.__context__

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None: ...
    async def ignore(_message: object) -> None: ...

    fields = [(b"authorization", f"Bearer {token}".encode())]
    scope: Any = {"type": "http", "method": "GET", "path": "/", "headers": fields}
    guarded: Any = JWTBearerMiddleware(app, trusted(), on_refused=look)
    await guarded(scope, None, ignore)
    assert found == []


@pytest.mark.parametrize("form", ["{}=", "{}.x", "{}", "{}ab"])
async def test_a_refusal_by_the_verifier_itself_has_no_token_in_its_traceback(
    trusted: Trusted, issuer: MockIssuer, clock: Callable[[], float], form: str
) -> None:
    """H7: where no middleware is around, the error may leave the application."""
    token = issuer.access_token(exp=0)
    verifier = AccessTokenVerifier([trusted()], clock=clock)
    with pytest.raises(InvalidToken) as caught:
        await verifier.verify(form.format(token))
    behind: BaseException | None = caught.value
    while behind is not None:
        walked = (frame for frame, _ in walk_tb(behind.__traceback__))
        assert locals_with(token, filter(is_ours, walked)) == []
        behind = behind.__cause__ or behind.__context__


async def test_checks_and_kind_rules_see_no_token(
    trusted: Trusted, issuer: MockIssuer, clock: Callable[[], float]
) -> None:
    """H7: for a new token, for one that is seen again, and for one whose claims are kept."""
    token = issuer.access_token()
    seen: list[int] = []

    def check(access_token: AccessToken) -> bool:
        found = list(frames())
        seen.append(len(found))
        assert not locals_with(token, iter(found))
        return True

    async def later(access_token: AccessToken) -> bool:
        await anyio.lowlevel.checkpoint()
        return check(access_token)

    def kind(header: object, claims: Mapping[str, Any]) -> bool:
        assert not locals_with(token, frames())
        return True

    verifier = AccessTokenVerifier([trusted(checks=[check, later], kind=kind)], clock=clock)
    for _ in range(3):
        await verifier.verify(token)
    # The two checks saw frames of ours, or this test would prove nothing.
    assert len(seen) == 6
    assert min(seen) >= 2


async def test_a_check_that_fails_takes_no_token_into_its_traceback(
    trusted: Trusted, issuer: MockIssuer, clock: Callable[[], float]
) -> None:
    """H7"""
    token = issuer.access_token()

    def check(access_token: AccessToken) -> bool:
        raise ZeroDivisionError

    verifier = AccessTokenVerifier([trusted(checks=[check])], clock=clock)
    with pytest.raises(ZeroDivisionError) as failure:
        await verifier.verify(token)
    ours = [frame for frame, _ in walk_tb(failure.tb) if is_ours(frame)]
    assert ours
    assert not locals_with(token, iter(ours))


@pytest.mark.parametrize("claim", [{"exp": 0}, {"aud": "another"}, {"cnf": {}}], ids=str)
async def test_a_refusal_takes_no_token_into_its_traceback(
    verifier: AccessTokenVerifier, issuer: MockIssuer, claim: dict[str, object]
) -> None:
    """H7: a token that is refused here may be a good one elsewhere, and listeners hear of it."""
    token = issuer.access_token(**claim)  # type: ignore[arg-type]  # claims of any type
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(token)
    ours = [frame for frame, _ in walk_tb(refusal.tb) if is_ours(frame)]
    assert ours
    assert not locals_with(token, iter(ours))


async def test_the_application_sees_no_token(issuer: MockIssuer, trusted: Trusted) -> None:
    """H7"""
    token = issuer.access_token()
    seen: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found = list(frames())
        seen.append(len(found))
        assert not locals_with(token, iter(found))

    async def nothing(*_: object) -> Any: ...

    middleware = JWTBearerMiddleware(
        app, verifier=AccessTokenVerifier(trusted(), clock=issuer.clock)
    )
    for _ in range(3):
        headers = [(b"authorization", f"Bearer {token}".encode())]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        await middleware(scope, nothing, nothing)
    assert len(seen) == 3
    assert min(seen) >= 1
