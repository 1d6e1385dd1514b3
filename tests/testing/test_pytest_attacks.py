"""`pytest --asgi-jwks-attack module:app`, as somebody else's test run."""

from fnmatch import fnmatchcase as fnmatch

import pytest
from tests.support.examples import only_in_ci
from tests.support.inner_runs import run_pytest

from asgi_jwks.testing.attacks.corpus import ATTACKS

pytest_plugins = ["pytester"]

# A few of them are enough here; the whole corpus runs in tests/attacks/.
CONFTEST = """
import pytest

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    wanted = ("alg_none", "expired", "test_other")
    items[:] = [item for item in items if item.name in wanted]
"""

API = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware, StaticJWKSet
from asgi_jwks.testing import MockIssuer

api = Starlette(routes=[Route("/messages", lambda request: PlainTextResponse("hello"))])

KEYS = StaticJWKSet(MockIssuer().jwk_set())

app = JWTBearerMiddleware(
    api, issuer="https://tenant.eu.auth0.com/", audience="https://api.example.com", keys=KEYS
)

def create_app(issuer: MockIssuer):
    return JWTBearerMiddleware(
        api,
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=StaticJWKSet(issuer.jwk_set()),
    )

def create_open_app(issuer):
    return api

class namespace:
    app = app

settings = {"issuer": "https://tenant.eu.auth0.com/"}

def wsgi(environ, start_response):
    return []

def create_nothing(issuer):
    return None

def create_badly(issuer):
    raise LookupError("no key")

def create_with_defaults(issuer, audience=None, scopes=()):
    return create_app(issuer)
"""

SCOPED = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware, StaticJWKSet, requires
from asgi_jwks.testing import MockIssuer

@requires("read:messages")
def messages(request):
    return PlainTextResponse("hello")

app = JWTBearerMiddleware(
    Starlette(routes=[Route("/messages", messages)]),
    issuer="https://tenant.eu.auth0.com/",
    audience="https://api.example.com",
    keys=StaticJWKSet(MockIssuer().jwk_set()),
)
"""

WITH_DEPENDENCY = """
from typing import Annotated

from fastapi import FastAPI, Security

from asgi_jwks import AccessToken, StaticJWKSet, TrustedIssuer
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer

bearer = JWTBearer(
    TrustedIssuer(
        issuer="https://tenant.eu.auth0.com/",
        audience="https://api.example.com",
        keys=StaticJWKSet(MockIssuer().jwk_set()),
    )
)
app = FastAPI()

@app.get("/messages")
async def messages(token: Annotated[AccessToken, Security(bearer, scopes=["read"])]) -> str:
    return "hello"

@app.get("/health")
async def health() -> str:
    return "well"
"""


@pytest.fixture
def attacked(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(my_api=API)
    return pytester


def run(attacked: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return run_pytest(attacked, "-p", "no:hypothesispytest", *arguments)


@pytest.mark.parametrize(
    "name",
    ["my_api:app", "my_api:create_app", "my_api:namespace.app", "my_api:create_with_defaults"],
)
def test_each_attack_is_a_test_that_passes_when_it_is_refused(
    attacked: pytest.Pytester, name: str
) -> None:
    result = run(attacked, "-v", "--asgi-jwks-attack", name, "--asgi-jwks-attack-path=/messages")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*alg_none*PASSED*", "*expired*PASSED*"])


def test_an_attack_that_got_through_is_reported_by_name(attacked: pytest.Pytester) -> None:
    result = run(
        attacked,
        "--asgi-jwks-attack",
        "my_api:create_open_app",
        "--asgi-jwks-attack-path=/messages",
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["got through: alg_none: alg none and no signature*answered 200"])


def said(attacked: pytest.Pytester, *arguments: str) -> str:
    """The one sentence with which pytest refuses to run."""
    result = run(attacked, "--asgi-jwks-attack", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    lines = [line for line in result.errlines if line]
    assert len(lines) == 1, "a usage error is one line, without a traceback"
    return lines[0]


def test_a_good_token_that_is_refused_is_one_error_of_the_run(attacked: pytest.Pytester) -> None:
    attacked.makepyfile(scoped=SCOPED)
    sentence = said(attacked, "scoped:app", "--asgi-jwks-attack-path=/messages")
    assert "answered with 403 at /messages" in sentence
    assert "--asgi-jwks-attack-scopes" in sentence


def test_a_path_that_is_not_a_route_is_one_error_of_the_run(attacked: pytest.Pytester) -> None:
    sentence = said(attacked, "my_api:app", "--asgi-jwks-attack-path=/nowhere")
    assert "no route for GET /nowhere: a good token was answered with 404" in sentence
    sentence = said(
        attacked,
        "my_api:app",
        "--asgi-jwks-attack-path=/messages",
        "--asgi-jwks-attack-method=DELETE",
    )
    assert "no route for DELETE /messages: a good token was answered with 405" in sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("my_api", "write module:app, not 'my_api'"),
        (":app", "write module:app, not ':app'"),
        ("my_ap:app", "my_ap cannot be imported from * No module named 'my_ap'"),
        ("broken:app", "broken cannot be imported from *: ValueError: no database here"),
        ("script:app", "script cannot be imported from *: SystemExit: 3"),
        ("my_api:ap", "my_api has no ap; write the name of the application"),
        ("my_api:namespace.ap", "my_api has no namespace.ap; write the name"),
        ("my_api:settings", "my_api:settings is of type dict; write the name of an ASGI"),
        ("my_api:wsgi", "my_api:wsgi is a function that takes other arguments; write the name"),
        ("my_api:create_nothing", "my_api:create_nothing(MockIssuer()) returned of type None"),
        ("my_api:create_badly", "create_badly(MockIssuer()) raised LookupError: no key"),
        ("my_api:api", "neither a JWTBearerMiddleware nor a JWTBearer dependency"),
    ],
    ids=lambda value: value if ":" in value[:20] or value == "my_api" else "",
)
def test_a_wrong_name_is_explained_in_one_sentence(
    attacked: pytest.Pytester, name: str, sentence: str
) -> None:
    attacked.makepyfile(
        broken='raise ValueError("no database\\nhere")', script="raise SystemExit(3)"
    )
    assert fnmatch(said(attacked, name), f"*{sentence}*")


def test_the_real_keys_are_trusted_in_the_other_tests_of_the_run(
    attacked: pytest.Pytester,
) -> None:
    attacked.makepyfile(
        test_it="""
        import my_api

        def test_other():
            [trusted] = my_api.app.verifier._issuers.configured.values()
            assert trusted.keys is my_api.KEYS
        """
    )
    name = ["--asgi-jwks-attack", "my_api:app", "--asgi-jwks-attack-path=/messages"]
    run(attacked, *name).assert_outcomes(passed=3)


def test_without_the_option_nothing_is_added(attacked: pytest.Pytester) -> None:
    attacked.makepyfile(test_it="def test_other(): pass")
    run(attacked).assert_outcomes(passed=1)


def test_an_endpoint_that_needs_scopes_is_asked_with_them(attacked: pytest.Pytester) -> None:
    attacked.makepyfile(scoped=SCOPED)
    asked = ["--asgi-jwks-attack", "scoped:app", "--asgi-jwks-attack-path=/messages"]
    result = run(attacked, *asked, "--asgi-jwks-attack-scopes=read:messages")
    result.assert_outcomes(passed=2)


@only_in_ci()
def test_the_whole_corpus_runs_against_a_dependency_of_fastapi(pytester: pytest.Pytester) -> None:
    """Neither "no such path" nor "not this method" counts as getting through."""
    pytester.makepyfile(with_dependency=WITH_DEPENDENCY)
    result = run(
        pytester,
        *("--asgi-jwks-attack", "with_dependency:app"),
        *("--asgi-jwks-attack-path=/messages", "--asgi-jwks-attack-scopes=read"),
    )
    result.assert_outcomes(passed=len(ATTACKS))


TAKES_PROOFS = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from asgi_jwks import DPoP, DPoPNonces, JWTBearerMiddleware, StaticJWKSet
from asgi_jwks.testing import MockIssuer

api = Starlette(routes=[Route("/messages", lambda request: PlainTextResponse("hello"))])

def guarded(issuer, **options):
    dpop = DPoP(public_origin=["https://api.example.com"], mode="required", **options)
    return JWTBearerMiddleware(
        api,
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=StaticJWKSet(issuer.jwk_set()),
        dpop=dpop,
    )

app = guarded(MockIssuer())

def create_app(issuer: MockIssuer):
    nonces = DPoPNonces("Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa")
    return guarded(issuer, nonces=nonces)
"""


@pytest.mark.parametrize("name", ["takes_proofs:app", "takes_proofs:create_app"])
def test_an_application_that_takes_proofs_is_attacked_with_them_too(
    attacked: pytest.Pytester, name: str
) -> None:
    """I18: nonces and `required` among them."""
    attacked.makepyfile(takes_proofs=TAKES_PROOFS)
    attacked.makeconftest(CONFTEST.replace('"expired"', '"proof_of_a_thief", "two_proofs"'))
    result = run(attacked, "-v", "--asgi-jwks-attack", name, "--asgi-jwks-attack-path=/messages")
    result.assert_outcomes(passed=3)
