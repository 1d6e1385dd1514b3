"""The start and the stop of a protected application under real servers."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from asgi_jwks.testing import Endpoint, MockIssuer, SigningKey
from tests.support.servers import SERVERS, Server, running

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
    "dependency": """
from typing import Annotated
from fastapi import Depends, FastAPI
from asgi_jwks import AccessToken, TrustedIssuer
from asgi_jwks.integrations.fastapi import JWTBearer

bearer = JWTBearer(TrustedIssuer({options}))
app = FastAPI()
bearer.attach(app)

@app.get("/")
async def hello(token: Annotated[AccessToken, Depends(bearer)]) -> str:
    return "hello"
""",
}


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


def program(form: str, **options: object) -> str:
    return FORMS[form].format(
        options=", ".join(f"{name}={value!r}" for name, value in options.items())
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_option_stops_the_start(server: Server, form: str, tmp_path: Path) -> None:
    """A11: with the sentence that says what to write, and no request is ever answered."""
    wrong = program(form, issuer="https://issuer.example/", audience="")
    with running(server, tmp_path, program=wrong) as started:
        status = started.end_without_an_answer()
        assert status != 0
        assert "ConfigurationError" in started.output
        assert "audience" in started.output.rpartition("ConfigurationError")[2]


@pytest.mark.parametrize("form", FORMS)
def test_a_good_token_is_let_through_and_a_stop_is_quiet(
    server: Server, form: str, issuer: MockIssuer, tmp_path: Path
) -> None:
    """C4: keys are fetched at the start, and nothing is left running at the stop."""
    right = program(form, issuer=issuer.issuer, audience=AUDIENCE)
    with running(server, tmp_path, program=right) as started:
        started.wait_until_it_answers()
        assert issuer.jwks.count == 1
        assert started.get() == 401
        assert started.get(token=issuer.access_token()) == 200
        assert issuer.jwks.count == 1
        assert started.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
        assert "Traceback" not in started.output


def test_ctrl_c_is_quiet_too(server: Server, issuer: MockIssuer, tmp_path: Path) -> None:
    right = program("wrapped", issuer=issuer.issuer, audience=AUDIENCE)
    with running(server, tmp_path, program=right) as started:
        started.wait_until_it_answers()
        assert started.stop(signal.SIGINT) in (0, -signal.SIGINT)
        assert "Traceback" not in started.output


def test_a_start_that_requires_keys_fails_without_them(
    server: Server, issuer: MockIssuer, tmp_path: Path
) -> None:
    """C4: the server is told why, and no request is ever answered."""
    issuer.jwks.fail(500)
    strict = program(
        "wrapped", issuer=issuer.issuer, audience=AUDIENCE, require_keys_at_startup=True
    )
    with running(server, tmp_path, program=strict) as started:
        assert started.end_without_an_answer() != 0
        assert "the issuer's keys" in started.output


def test_a_start_that_requires_keys_succeeds_with_them(
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
