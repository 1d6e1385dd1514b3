import httpx
import jwt
import pytest
from tests.support.fresh_process import printed_by

from asgi_jwks.testing import MockIssuer


def test_a_token_verifies_against_the_served_key_set_with_plain_pyjwt(issuer: MockIssuer) -> None:
    token = issuer.access_token()
    key = jwt.PyJWKClient(issuer.jwks_uri).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token, key, algorithms=["RS256"], audience="https://api.example.com", issuer=issuer.issuer
    )
    assert claims["iss"] == issuer.url


def test_while_it_is_served_the_issuer_is_known_by_its_url() -> None:
    issuer = MockIssuer(algorithm="ES256")
    assert issuer.issuer == "https://mock-issuer.example/"
    with issuer.serve() as url:
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/")
        assert issuer.issuer == issuer.url == url
        assert issuer.jwks_uri == f"{url}.well-known/jwks.json"
    assert issuer.issuer == "https://mock-issuer.example/"


def test_a_given_identifier_stays_while_the_addresses_follow_the_server() -> None:
    issuer = MockIssuer(issuer="https://tenant.example/", algorithm="ES256")
    with issuer.serve() as url:
        assert issuer.issuer == "https://tenant.example/"
        assert issuer.jwks_uri == f"{url}.well-known/jwks.json"
        document = httpx.get(f"{url}.well-known/openid-configuration").json()
        assert document["issuer"] == "https://tenant.example/"
        assert document["jwks_uri"] == issuer.jwks_uri


def test_both_metadata_documents_say_where_everything_is(issuer: MockIssuer) -> None:
    openid = httpx.get(f"{issuer.url}.well-known/openid-configuration").json()
    oauth = httpx.get(f"{issuer.url}.well-known/oauth-authorization-server").json()
    assert openid == oauth == issuer.metadata()
    assert openid["issuer"] == issuer.issuer
    assert openid["jwks_uri"] == issuer.jwks_uri
    assert openid["token_endpoint"] == f"{issuer.url}oauth/token"
    assert issuer.discovery.count == 2


@pytest.mark.anyio
async def test_without_a_network_a_client_reaches_the_provider_by_its_own_urls() -> None:
    issuer = MockIssuer(issuer="https://id.example/realms/one", algorithm="ES256")
    realm = "https://id.example/realms/one"
    async with issuer.http_client() as client:
        answers = [
            await client.get(url)
            for url in (
                f"{realm}/.well-known/openid-configuration",
                "https://id.example/.well-known/oauth-authorization-server/realms/one",
            )
        ]
        assert [answer.json()["issuer"] for answer in answers] == [realm, realm]
        jwks_uri = answers[0].json()["jwks_uri"]
        assert jwks_uri == f"{realm}/.well-known/jwks.json"
        assert (await client.get(jwks_uri)).json() == issuer.jwk_set()


@pytest.mark.parametrize("form", ["openid-configuration", "oauth-authorization-server"])
def test_a_provider_may_have_one_form_of_metadata_only(form: str) -> None:
    issuer = MockIssuer(well_known=[form], algorithm="ES256")
    with issuer.serve() as url:
        statuses = {
            name: httpx.get(f"{url}.well-known/{name}").status_code
            for name in ("openid-configuration", "oauth-authorization-server")
        }
    assert {name for name, status in statuses.items() if status == 200} == {form}


def test_a_reset_restores_faults_records_and_keys(issuer: MockIssuer) -> None:
    first = issuer.jwk_set()
    issuer.swap_key()
    issuer.jwks.fail()
    issuer.discovery.garbage()
    issuer.jwks.cache_control = "no-store"
    assert httpx.get(issuer.jwks_uri).status_code == 500
    issuer.reset()
    assert issuer.jwks.count == 0
    response = httpx.get(issuer.jwks_uri)
    assert response.json() == first
    assert "cache-control" not in response.headers
    assert httpx.get(f"{issuer.url}.well-known/openid-configuration").json() == issuer.metadata()


def test_neither_a_server_nor_an_http_client_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys; before = set(sys.modules); import asgi_jwks.testing.provider.mock_issuer;"
        "issuer = asgi_jwks.testing.provider.mock_issuer.MockIssuer(algorithm='ES256');"
        "print('uvicorn' in sys.modules)"
    )
    assert printed_by(program) == "False\n"
