"""The pytest plugin: fixtures for testing an application that asgi-jwks protects.

Every pytest run of everyone who has asgi-jwks installed imports this module, so it imports nothing
but pytest until a fixture is used; a test holds it to that.

    def test_reading_needs_the_scope(jwks_issuer_of):
        issuer = jwks_issuer_of(app)
        client = TestClient(app, headers=issuer.auth_headers(scopes="read:messages"))
        assert client.get("/messages").status_code == 200
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from asgi_jwks.testing.pytest_attacks import (
    add_attack_items,
    add_attack_options,
    prepare_attacks,
)

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from asgi_jwks.testing.proofs import ProofKey
    from asgi_jwks.testing.provider.mock_issuer import MockIssuer

__all__ = [
    "jwks_access_token",
    "jwks_auth_headers",
    "jwks_dpop_client",
    "jwks_issuer",
    "jwks_issuer_of",
    "jwks_proof_key",
    "jwks_server",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options that shape `jwks_issuer`."""
    parser.addini(
        "asgi_jwks_issuer",
        "issuer identifier of the jwks_issuer fixture",
        default="https://mock-issuer.example/",
    )
    parser.addini(
        "asgi_jwks_audience",
        "audiences of the tokens of the jwks_issuer fixture, one a line",
        type="linelist",
        default=["https://api.example.com"],
    )
    add_attack_options(parser)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Find the application that `--asgi-jwks-attack` names."""
    prepare_attacks(session)


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add the attacks that `--asgi-jwks-attack` asks for."""
    add_attack_items(session, items)


@pytest.fixture(scope="session")
def jwks_issuer(request: pytest.FixtureRequest) -> "MockIssuer":
    """An identity provider for the whole session, reset after each test that uses it.

    Override it in a conftest.py to have other accounts or another algorithm; keep its scope.
    """
    from asgi_jwks.testing.provider.mock_issuer import MockIssuer

    audience = request.config.getini("asgi_jwks_audience")
    return MockIssuer(
        issuer=request.config.getini("asgi_jwks_issuer"),
        audience=audience[0] if len(audience) == 1 else audience,
    )


@pytest.fixture(scope="session")
def jwks_server(jwks_issuer: "MockIssuer") -> Iterator[str]:
    """The URL under which `jwks_issuer` answers on a loopback port, with a trailing slash.

    Its identifier stays as it is, so configure `jwks_uri=jwks_issuer.jwks_uri`.
    """
    with jwks_issuer.serve() as url:
        yield url


@pytest.fixture
def jwks_issuer_of() -> "Iterator[Callable[[Any], MockIssuer]]":
    """Makes an application, as it is configured, trust a mock issuer until the test ends.

    `issuer = jwks_issuer_of(app)` has the name and the audience of the first issuer that the
    application's JWTBearerMiddleware or JWTBearer trusts, and its tokens meet the same rules.
    """
    with ExitStack() as stack:

        def issuer_of(app: Any) -> "MockIssuer":
            from asgi_jwks.testing.attacks.own_middleware import stand_in, verifier_of

            target = stack.enter_context(stand_in(verifier_of(app)).trusted())
            return target.issuer

        yield issuer_of


@pytest.fixture
def jwks_proof_key() -> "ProofKey":
    """A client's key for DPoP proofs: `jwks_access_token(cnf=jwks_proof_key.confirmation)`.

    Override it in a conftest.py to have another algorithm.
    """
    from asgi_jwks.testing.proofs import ProofKey

    return ProofKey()


@pytest.fixture
def jwks_dpop_client(
    jwks_issuer_of: "Callable[[Any], MockIssuer]", jwks_proof_key: "ProofKey"
) -> "Callable[..., TestClient]":
    """Makes a client of an application that takes DPoP proofs.

    It has a bound token, and makes a fresh proof for each request.

    `client = jwks_dpop_client(app, scopes="read:messages")`: the application is the one of
    `jwks_issuer_of`, and the other arguments are those of `MockIssuer.access_token`. The key is
    `jwks_proof_key`. Nonces are answered. The client is at the application's public origin, so a
    WebSocket is `client.websocket_connect("wss://api.example.com/path")`.
    """

    # Any: the arguments are those of access_token, whatever claims they bring.
    def client(app: Any, **token: Any) -> "TestClient":
        from urllib.parse import urlsplit

        from starlette.testclient import TestClient

        from asgi_jwks.testing.attacks.own_middleware import public_origin_of, verifier_of
        from asgi_jwks.testing.attacks.run import AttackRunError
        from asgi_jwks.testing.proofs_auth import DPoPAuth

        origin = public_origin_of(verifier_of(app))
        if origin is None:
            raise AttackRunError(
                "The application takes no DPoP proofs. Its first issuer needs "
                "dpop=DPoP(public_origin=...)."
            )
        bound = jwks_issuer_of(app).access_token(cnf=jwks_proof_key.confirmation, **token)
        # Where the application is mounted below a path, servers say so by the root path.
        made = TestClient(app, base_url=origin, root_path=urlsplit(origin).path)
        made.auth = DPoPAuth(bound, jwks_proof_key)
        return made

    return client


@pytest.fixture
def jwks_access_token(jwks_issuer: "MockIssuer") -> Callable[..., str]:
    """Mints access tokens: `jwks_access_token(scopes="read:messages", lifetime=60, user_id=7)`.

    The arguments are those of `MockIssuer.access_token`.
    """
    return jwks_issuer.access_token


@pytest.fixture
def jwks_auth_headers(jwks_issuer: "MockIssuer") -> Callable[..., dict[str, str]]:
    """Mints an access token and returns the request headers that carry it."""

    # Any: the arguments are those of access_token, whatever claims they bring.
    def headers(**token: Any) -> dict[str, str]:
        return jwks_issuer.auth_headers(**token)

    return headers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Reset the issuer of a test, after the test's own fixtures were torn down."""
    # Taken before the teardown, which clears it. Items that are not functions have none.
    issuer: MockIssuer | None = getattr(item, "funcargs", {}).get("jwks_issuer")
    yield
    if issuer is not None:
        issuer.reset()
