"""Applications of users, as modules in the current directory, as servers find them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

APPS = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from asgi_jwks import JWTBearerMiddleware


    async def me(request):
        return JSONResponse({"sub": getattr(request.user, "identity", None)})


    bare = Starlette(routes=[Route("/", me)])
    app = JWTBearerMiddleware(
        bare, issuer="https://example.eu.auth0.com/", audience="https://api.example.com"
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
    (tmp_path / f"{name}.py").write_text(dedent(APPS), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield lambda attribute: f"{name}:{attribute}"
    sys.modules.pop(name, None)
