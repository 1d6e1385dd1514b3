"""Clients that register by themselves (RFC 7591), or are known by a document of their own."""

from typing import Any

import httpx
import pytest
from tests.support.clock import EPOCH, Clock

from asgi_jwks.testing import MockIssuer
from asgi_jwks.testing.provider.codes import challenge_of

pytestmark = pytest.mark.anyio

CALLBACK = "http://127.0.0.1:7000/callback"
DOCUMENT_URL = "https://client.example/oauth/client.json"
DOCUMENT: dict[str, object] = {
    "client_id": DOCUMENT_URL,
    "client_name": "Example",
    "redirect_uris": [CALLBACK],
}


@pytest.fixture
def issuer() -> MockIssuer:
    return MockIssuer(issuer="https://id.example/", algorithm="ES256", clock=Clock(EPOCH))


async def register(issuer: MockIssuer, metadata: object) -> httpx.Response:
    async with issuer.http_client() as client:
        endpoint = str(issuer.metadata()["registration_endpoint"])
        if isinstance(metadata, bytes):
            return await client.post(endpoint, content=metadata)
        return await client.post(endpoint, json=metadata)


async def login(issuer: MockIssuer, client: str, /, **form: Any) -> httpx.Response:
    """Authorize as the client, and redeem the code; the last answer there is."""
    auth = form.pop("auth", None)
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": CALLBACK,
        "code_challenge": challenge_of("v" * 43),
        "code_challenge_method": "S256",
    }
    async with issuer.http_client() as http:
        answer = await http.get(f"{issuer.url}authorize", params=query)
        if answer.status_code != 302:
            return answer
        code = httpx.URL(answer.headers["location"]).params["code"]
        form = {
            "grant_type": "authorization_code",
            "redirect_uri": CALLBACK,
            "code": code,
            "code_verifier": "v" * 43,
            **form,
        }
        return await http.post(f"{issuer.url}oauth/token", data=form, auth=auth)


async def test_a_public_client_registers_and_logs_a_user_in(issuer: MockIssuer) -> None:
    response = await register(
        issuer,
        {
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "client_name": "Example",
            "scope": "openid",
        },
    )
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    information = response.json()
    assert information == {
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "client_name": "Example",
        "scope": "openid",
        "client_id": information["client_id"],
        "client_id_issued_at": int(EPOCH),
    }
    client_id = information["client_id"]
    assert (await login(issuer, client_id, client_id=client_id)).status_code == 200
    assert issuer.registration.count == 1


async def test_a_client_that_does_not_say_how_it_authenticates_gets_a_secret(
    issuer: MockIssuer,
) -> None:
    """RFC 7591, section 2: client_secret_basic is the default."""
    information = (await register(issuer, {"redirect_uris": [CALLBACK]})).json()
    assert information["token_endpoint_auth_method"] == "client_secret_basic"
    assert information["client_secret_expires_at"] == 0
    client_id, secret = information["client_id"], information["client_secret"]
    assert (await login(issuer, client_id, client_id=client_id)).status_code == 401
    assert (await login(issuer, client_id, auth=(client_id, secret))).status_code == 200


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        (b"no json", "invalid_client_metadata"),
        pytest.param(b"[" * 100_000, "invalid_client_metadata", id="brackets"),
        ([], "invalid_client_metadata"),
        ({}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": CALLBACK}, "invalid_client_metadata"),
        ({"redirect_uris": [7]}, "invalid_client_metadata"),
        ({"redirect_uris": ["http://client.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://["]}, "invalid_redirect_uri"),
        ({"redirect_uris": [f"{CALLBACK}#part"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK], "grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"redirect_uris": [CALLBACK], "response_types": ["token"]}, "invalid_client_metadata"),
        ({"redirect_uris": [CALLBACK], "scope": ["a"]}, "invalid_client_metadata"),
        (
            {"redirect_uris": [CALLBACK], "dpop_bound_access_tokens": "true"},
            "invalid_client_metadata",
        ),
        (
            {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt"},
            "invalid_client_metadata",
        ),
    ],
    ids=repr,
)
async def test_wrong_metadata_is_refused(issuer: MockIssuer, metadata: object, code: str) -> None:
    before = dict(issuer.clients)
    response = await register(issuer, metadata)
    assert (response.status_code, response.json()["error"]) == (400, code)
    assert issuer.clients == before


@pytest.mark.parametrize(
    "uri",
    [
        "https://client.example/cb?x=1",
        "http://localhost/cb",
        "http://[::1]:1/",
        "com.example.app:/",
    ],
)
async def test_safe_redirect_uris_are_these(issuer: MockIssuer, uri: str) -> None:
    """RFC 8252, section 7."""
    assert (await register(issuer, {"redirect_uris": [uri]})).status_code == 201


async def test_a_registration_can_be_refused_or_bent_by_order(issuer: MockIssuer) -> None:
    issuer.registration.refuse("invalid_software_statement", times=1)
    refused = await register(issuer, {"redirect_uris": [CALLBACK]})
    assert refused.json()["error"] == "invalid_software_statement"
    issuer.registration.bend(client_secret=None)
    bent = await register(issuer, {"redirect_uris": [CALLBACK]})
    assert "client_secret" not in bent.json()


# Client metadata documents.


async def test_a_client_is_known_by_the_url_of_its_document(issuer: MockIssuer) -> None:
    """draft-ietf-oauth-client-id-metadata-document, section 4."""
    assert issuer.metadata()["client_id_metadata_document_supported"] is True
    issuer.add_client_document(DOCUMENT_URL, DOCUMENT)
    answer = await login(issuer, DOCUMENT_URL, client_id=DOCUMENT_URL)
    assert answer.status_code == 200
    assert DOCUMENT_URL not in issuer.clients


@pytest.mark.parametrize(
    ("url", "document"),
    [
        (DOCUMENT_URL, {**DOCUMENT, "client_id": f"{DOCUMENT_URL}?"}),
        (DOCUMENT_URL, {**DOCUMENT, "client_secret": "s"}),
        (DOCUMENT_URL, {**DOCUMENT, "token_endpoint_auth_method": "client_secret_post"}),
        (DOCUMENT_URL, {**DOCUMENT, "redirect_uris": []}),
        *(
            (url, {**DOCUMENT, "client_id": url})
            for url in (
                "http://client.example/client.json",
                "https://client.example/",
                "https://client.example",
                "https://client.example/a/../client.json",
                "https://client.example/./client.json",
                "https://client.example/client.json#part",
                "https://user@client.example/client.json",
            )
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_document_that_breaks_a_rule_makes_no_client(
    issuer: MockIssuer, url: str, document: dict[str, object]
) -> None:
    issuer.add_client_document(url, document)
    assert (await login(issuer, url)).status_code == 400


async def test_a_document_that_is_not_there_makes_no_client(issuer: MockIssuer) -> None:
    assert (await login(issuer, DOCUMENT_URL)).status_code == 400
    form = {"grant_type": "authorization_code", "client_id": DOCUMENT_URL}
    async with issuer.http_client() as client:
        answer = await client.post(f"{issuer.url}token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
