"""The start and the stop of a protected application under real servers."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.examples import some_of
from tests.support.servers import SERVERS, RunningServer, Server, running

from asgi_jwks.testing import MockIssuer, SigningKey

AUDIENCE = "https://api.example.com"

# Every form that the documents show, with an issuer and options to fill in.
FORMS = {
    "wrapped": """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from asgi_jwks import JWTBearerMiddleware

async def hello(request):
    return PlainTextResponse("hello")

app = Starlette(routes=[Route("/", hello)])
app = JWTBearerMiddleware(app, {options})
""",
    "added": """
from fastapi import FastAPI
from asgi_jwks import JWTBearerMiddleware

app = FastAPI()
app.add_middleware(JWTBearerMiddleware.configured({options}))

@app.get("/")
async def hello() -> str:
    return "hello"
""",
    "dependency": """
from typing import Annotated
from fastapi import Depends, FastAPI
from asgi_jwks import AccessToken
from asgi_jwks.integrations.fastapi import JWTBearer

bearer = JWTBearer({options})
app = FastAPI()
bearer.attach(app)

@app.get("/")
async def hello(token: Annotated[AccessToken, Depends(bearer)]) -> str:
    return "hello"
""",
}

FAILING = """
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from asgi_jwks import JWTBearerMiddleware

@asynccontextmanager
async def lifespan(app):
    raise OSError("no database")
    yield

app = JWTBearerMiddleware(Starlette(lifespan=lifespan), {options})
"""


@pytest.fixture(params=SERVERS, ids=lambda server: server.name.replace(" ", "-"))
def server(request: pytest.FixtureRequest) -> Server:
    chosen: Server = request.param
    return chosen


@pytest.fixture(scope="module")
def served_issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(audience=AUDIENCE, key=SigningKey.generate("RS256"))
    with issuer.serve():
        yield issuer


@pytest.fixture
def issuer(served_issuer: MockIssuer) -> Iterator[MockIssuer]:
    yield served_issuer
    served_issuer.reset()


def assert_quiet(server: RunningServer) -> None:
    for word in ("Traceback", "Exception", "Warning", "ERROR"):
        assert word not in server.output


def program(form: str, **options: object) -> str:
    return {**FORMS, "failing": FAILING}[form].format(
        options=", ".join(f"{name}={value!r}" for name, value in options.items())
    )


@pytest.mark.parametrize("form", some_of(FORMS, "added"))
def test_a_wrong_option_stops_the_start(server: Server, form: str, tmp_path: Path) -> None:
    """A11: with the sentence that says what to write, and no request is ever answered."""
    wrong = program(form, issuer="https://issuer.example/", audience="")
    with running(server, tmp_path, program=wrong) as started:
        status = started.end_without_an_answer()
        assert status != 0 or server.ends_with_0
        assert "ConfigurationError" in started.output
        assert "audience" in started.output.rpartition("ConfigurationError")[2]


@pytest.mark.parametrize("form", some_of(FORMS, "dependency"))
def test_a_good_token_is_let_through_and_a_stop_is_quiet(
    server: Server, form: str, issuer: MockIssuer, tmp_path: Path
) -> None:
    """C4: keys are fetched at the start, and nothing is left running at the stop."""
    right = program(form, issuer=issuer.issuer, audience=AUDIENCE)
    with running(server, tmp_path, program=right) as started:
        started.wait_until_it_answers()
        assert started.get() == 401
        assert started.get(token=issuer.access_token()) == 200
        assert issuer.jwks.count == 1
        started.stop(by=signal.SIGTERM)
        assert_quiet(started)


def test_a_start_that_requires_keys_succeeds_with_them_and_ctrl_c_is_quiet(
    server: Server, issuer: MockIssuer, tmp_path: Path
) -> None:
    """C4."""
    strict = program(
        "wrapped", issuer=issuer.issuer, audience=AUDIENCE, require_keys_at_startup=True
    )
    with running(server, tmp_path, program=strict) as started:
        started.wait_until_it_answers()
        assert started.get() == 401
        assert started.get(token=issuer.access_token()) == 200
        started.stop(by=signal.SIGINT)
        assert_quiet(started)


def test_a_lifespan_that_fails_at_the_start_leaves_nothing_behind(
    server: Server, issuer: MockIssuer, tmp_path: Path
) -> None:
    """A start that fails: no request is ever answered, and nothing is told but the reason."""
    failing = program("failing", issuer=issuer.issuer, audience=AUDIENCE)
    with running(server, tmp_path, program=failing) as started:
        status = started.end_without_an_answer()
        assert status != 0 or server.ends_with_0
        assert "no database" in started.output
        assert "Warning" not in started.output


@pytest.mark.parametrize("form", some_of(FORMS, "wrapped"))
def test_a_start_that_requires_keys_fails_without_them(
    server: Server, form: str, issuer: MockIssuer, tmp_path: Path
) -> None:
    """C4: the server is told why, and no request is ever answered."""
    issuer.jwks.fail(500)
    strict = program(form, issuer=issuer.issuer, audience=AUDIENCE, require_keys_at_startup=True)
    with running(server, tmp_path, program=strict) as started:
        status = started.end_without_an_answer()
        assert status != 0 or server.ends_with_0
        assert "unavailable" in started.output.lower()
