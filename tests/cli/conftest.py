"""Applications of users as servers find them, and a console that runs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from tests.support.running_console import RunningConsole, running_console

from asgi_jwks.testing import MockIssuer, SigningKey

KEY = SigningKey.generate("RS256", kid="the-first-key")

APPS = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from asgi_jwks import CertificateField, DPoP, JWTBearerMiddleware, StaticJWKSet


    async def me(request):
        return JSONResponse({"sub": getattr(request.user, "identity", None)})


    bare = Starlette(routes=[Route("/", me)])
    # Keys that are at hand: nothing is asked for.
    app = JWTBearerMiddleware(
        bare,
        issuer="https://example.eu.auth0.com/",
        audience="https://api.example.com",
        keys=StaticJWKSet(KEYS),
    )


    # Behind nginx, which hands the client's certificate on.
    bound = JWTBearerMiddleware(
        bare,
        issuer="https://example.eu.auth0.com/",
        audience="https://api.example.com",
        keys=StaticJWKSet(KEYS),
        certificate_sources=[
            CertificateField("X-Client-Cert", encoding="url", trusted_proxies="10.0.0.0/8")
        ],
    )


    takes_proofs = JWTBearerMiddleware(
        bare,
        issuer="https://example.eu.auth0.com/",
        audience="https://api.example.com",
        keys=StaticJWKSet(KEYS),
        dpop=DPoP(public_origin="https://api.example.com"),
    )


    def create_app(issuer):
        return JWTBearerMiddleware(
            bare,
            issuer=issuer.issuer,
            audience=issuer.audience,
            http_client=issuer.http_client(),
        )


    async def open_to_all(scope, receive, send):
        await bare({**scope, "user": None}, receive, send)


    def create_open_app(issuer):
        return open_to_all


    async def broken(scope, receive, send):
        raise ValueError("\\x1b[31mbroken")


    def create_broken_app(issuer):
        return broken


    number = 7
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """`module("app")` names an application of a module that stands in the current directory."""
    name = f"my_api_{tmp_path.name.replace('-', '_')}"
    program = f"KEYS = {KEY.public_jwk()!r}\n{dedent(APPS)}"
    (tmp_path / f"{name}.py").write_text(program, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield lambda attribute: f"{name}:{attribute}"
    sys.modules.pop(name, None)


@pytest.fixture
def trusted_issuer() -> MockIssuer:
    """The issuer that the applications trust."""
    return MockIssuer(issuer="https://example.eu.auth0.com/", key=KEY)


@pytest.fixture
def console() -> Iterator[RunningConsole]:
    """A console of the case's own, to break."""
    with running_console(KEY) as running:
        yield running


@pytest.fixture(scope="module")
def shared_console() -> Iterator[RunningConsole]:
    """A console for cases that change neither keys, nor faults, nor the clock."""
    with running_console(KEY) as running:
        yield running
