"""`pytest --asgi-jwks-attack module:app`, as somebody else's test run."""

import pytest

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

app = JWTBearerMiddleware(
    api,
    issuer="https://tenant.eu.auth0.com/",
    audience="https://api.example.com",
    keys=StaticJWKSet(MockIssuer().jwk_set()),
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
"""


@pytest.fixture
def attacked(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(my_api=API)
    return pytester


def run(attacked: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return attacked.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments
    )


@pytest.mark.parametrize("name", ["my_api:app", "my_api:create_app", "my_api:namespace.app"])
def test_each_attack_is_a_test_that_passes_when_it_is_refused(
    attacked: pytest.Pytester, name: str
) -> None:
    result = run(attacked, "-v", "--asgi-jwks-attack", name, "--asgi-jwks-attack-path=/messages")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*alg_none*PASSED*", "*expired*PASSED*"])


def test_what_got_through_is_reported_by_name(attacked: pytest.Pytester) -> None:
    result = run(
        attacked,
        "--asgi-jwks-attack",
        "my_api:create_open_app",
        "--asgi-jwks-attack-path=/messages",
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["got through: alg_none: alg none and no signature*answered 200"])


def test_a_good_token_that_is_refused_is_an_error_of_the_run(attacked: pytest.Pytester) -> None:
    attacked.makepyfile(
        my_api=API + "\napp.verifier._issuers.configured.clear()\n"  # an app that trusts nobody
    )
    result = run(attacked, "--asgi-jwks-attack", "my_api:app")
    result.assert_outcomes(failed=2)


def test_a_name_without_a_colon_is_explained(attacked: pytest.Pytester) -> None:
    result = run(attacked, "--asgi-jwks-attack", "my_api")
    result.stdout.fnmatch_lines(["*write module:app, not 'my_api'*"])


def test_without_the_option_nothing_is_added(attacked: pytest.Pytester) -> None:
    attacked.makepyfile(test_it="def test_other(): pass")
    run(attacked).assert_outcomes(passed=1)


def test_an_endpoint_that_needs_scopes_is_asked_with_them(attacked: pytest.Pytester) -> None:
    attacked.makepyfile(
        scoped="""
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
    )
    asked = ["--asgi-jwks-attack", "scoped:app", "--asgi-jwks-attack-path=/messages"]
    run(attacked, *asked).assert_outcomes(failed=2)
    result = run(attacked, *asked, "--asgi-jwks-attack-scopes=read:messages")
    result.assert_outcomes(passed=2)
