"""The pytest plugin, in test runs of its own."""

import pytest
from tests.support.inner_runs import run_pytest

pytest_plugins = ["pytester"]

# The plugin is loaded by name here, whether or not its entry point is installed.
ARGUMENTS = ("-p", "no:asgi_jwks", "-p", "asgi_jwks.testing.pytest_plugin")


def run(pytester: pytest.Pytester, tests: str) -> pytest.RunResult:
    pytester.makepyfile(tests)
    return run_pytest(pytester, *ARGUMENTS)


def test_tokens_and_headers_come_from_the_issuer(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        from asgi_jwks.testing import forge

        def test_tokens(jwks_issuer, jwks_access_token, jwks_auth_headers):
            claims = forge.split(jwks_access_token(scopes="a", user_id=7)).claims
            assert claims["iss"] == jwks_issuer.issuer == "https://mock-issuer.example/"
            assert claims["aud"][0] == jwks_issuer.audience == "https://api.example.com"
            assert (claims["scope"], claims["user_id"]) == ("a", 7)
            scheme, token = jwks_auth_headers(scopes="b")["Authorization"].split()
            assert scheme == "Bearer"
            assert forge.split(token).claims["scope"] == "b"
        """,
    )
    result.assert_outcomes(passed=1)


def test_the_server_is_real_and_the_same_for_the_session(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import httpx
        import pytest

        urls = set()

        @pytest.mark.parametrize("turn", [1, 2])
        def test_server(jwks_server, jwks_issuer, turn):
            urls.add(jwks_server)
            assert len(urls) == 1
            assert jwks_issuer.jwks_uri == f"{jwks_server}.well-known/jwks.json"
            assert httpx.get(jwks_issuer.jwks_uri).json() == jwks_issuer.jwk_set()
        """,
    )
    result.assert_outcomes(passed=2)


def test_faults_counters_and_keys_do_not_outlive_a_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import httpx
        import pytest

        @pytest.fixture
        def counted(jwks_issuer):
            yield
            assert jwks_issuer.jwks.count == 1, "the reset comes after the test's own fixtures"

        @pytest.mark.parametrize("turn", [1, 2])
        def test_faults(jwks_server, jwks_issuer, counted, turn):
            jwks = httpx.get(jwks_issuer.jwks_uri)
            assert jwks.status_code == 200
            assert len(jwks.json()["keys"]) == 1
            jwks_issuer.rotate()
            jwks_issuer.jwks.fail()

        def test_without_the_issuer():
            pass
        """,
    )
    result.assert_outcomes(passed=3)


def test_the_issuer_is_shaped_by_ini_options(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        asgi_jwks_issuer = https://login.example/tenant/v2.0
        asgi_jwks_audience =
            https://a.example
            https://b.example
        """
    )
    result = run(
        pytester,
        """
        def test_options(jwks_issuer):
            assert jwks_issuer.issuer == "https://login.example/tenant/v2.0"
            assert jwks_issuer.audience == ["https://a.example", "https://b.example"]
        """,
    )
    result.assert_outcomes(passed=1)


def test_an_issuer_of_the_users_own_is_reset_too(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest
        from asgi_jwks.testing import MockIssuer

        @pytest.fixture(scope="session")
        def jwks_issuer():
            return MockIssuer(algorithm="ES256")
        """
    )
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_keys(jwks_issuer, turn):
            assert len(jwks_issuer.jwk_set()["keys"]) == 1
            assert jwks_issuer.rotate().algorithm == "ES256"
        """,
    )
    result.assert_outcomes(passed=2)


def test_an_application_as_it_is_configured_trusts_a_mock_issuer_for_a_test(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        configured="""
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route

        from asgi_jwks import JWTBearerMiddleware, StaticJWKSet
        from asgi_jwks.testing import MockIssuer

        app = JWTBearerMiddleware(
            Starlette(routes=[Route("/", lambda request: PlainTextResponse("hello"))]),
            issuer="https://tenant.example/",
            audience="https://api.example.com",
            keys=StaticJWKSet(MockIssuer().jwk_set()),
        )
        """
    )
    result = run(
        pytester,
        """
        from starlette.testclient import TestClient

        from configured import app

        old = []

        def test_with_the_mock_issuer(jwks_issuer_of):
            issuer = jwks_issuer_of(app)
            assert issuer.issuer == "https://tenant.example/"
            old.append({"Authorization": f"Bearer {issuer.access_token()}"})
            assert TestClient(app).get("/", headers=old[0]).status_code == 200

        def test_afterwards():
            assert TestClient(app).get("/", headers=old[0]).status_code == 401
        """,
    )
    result.assert_outcomes(passed=2)


def test_a_client_proves_the_possession_of_its_token(pytester: pytest.Pytester) -> None:
    """I18: fixtures for an application that takes DPoP proofs, as it is configured."""
    pytester.makepyfile(
        configured="""
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route, WebSocketRoute

        from asgi_jwks import DPoP, DPoPNonces, JWTBearerMiddleware, StaticJWKSet, access_token
        from asgi_jwks.testing import MockIssuer

        async def scopes(request):
            return PlainTextResponse(" ".join(access_token(request).scopes))

        async def chat(websocket):
            await websocket.accept()
            await websocket.close()

        def api(**dpop):
            return JWTBearerMiddleware(
                Starlette(routes=[Route("/scopes", scopes), WebSocketRoute("/chat", chat)]),
                issuer="https://tenant.example/",
                audience="https://api.example.com",
                keys=StaticJWKSet(MockIssuer().jwk_set()),
                dpop=DPoP(**dpop) if dpop else None,
            )

        app = api(
            public_origin="https://api.example.com",
            mode="required",
            nonces=DPoPNonces("Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"),
        )
        mounted = api(public_origin="https://example.com/api")
        without = api()
        """
    )
    result = run(
        pytester,
        """
        import pytest

        from asgi_jwks.testing import DPoPAuth, ProofKey, forge
        from configured import app, mounted, without

        def test_the_client(jwks_dpop_client, jwks_proof_key):
            client = jwks_dpop_client(app, scopes="read:messages")
            for _ in range(2):
                answer = client.get("/scopes")
                assert (answer.status_code, answer.text) == (200, "read:messages")
            with client.websocket_connect("wss://api.example.com/chat"):
                pass
            token = answer.request.headers["Authorization"].removeprefix("DPoP ")
            assert forge.split(token).claims["cnf"] == jwks_proof_key.confirmation
            client.auth = DPoPAuth(token, ProofKey())
            assert client.get("/scopes").status_code == 401

        def test_the_client_of_a_mounted_application(jwks_dpop_client):
            assert jwks_dpop_client(mounted, scopes="a").get("/scopes").text == "a"

        def test_an_application_that_takes_no_proofs(jwks_dpop_client):
            with pytest.raises(Exception, match="takes no DPoP proofs"):
                jwks_dpop_client(without)
        """,
    )
    result.assert_outcomes(passed=3)
