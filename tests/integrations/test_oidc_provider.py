"""Bound tokens of a provider that others wrote, from its token endpoint to our middleware.

It is panva's oidc-provider on Node.js, in a process of its own on loopback; `.ci/run` installs it.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.support.node_peers import node_with

from asgi_jwks import CertificateField, DPoP, JWTBearerMiddleware
from asgi_jwks.providers import node_oidc_provider
from asgi_jwks.testing import ClientCertificate, DPoPAuth, ProofKey

AUDIENCE = "https://api.example.com"
SECRET = "8fK2pQx7Lw0ZrT4vYb6Nc1MdJ3mT8vQz"

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The issuer identifier of the running provider."""
    script = Path(__file__).with_name("provider_on_node.mjs")
    with subprocess.Popen(
        [node_with("oidc-provider"), str(script), AUDIENCE, SECRET],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        if not issuer:
            pytest.skip("oidc-provider does not run on this version of node")
        try:
            yield issuer
        finally:
            process.stdin.close()
            process.wait(timeout=60)


@pytest.fixture
def app(provider: str) -> Any:
    """An API whose only words about the provider are its issuer and how it binds tokens."""

    async def whose(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.user.identity} {' '.join(request.auth.scopes)}")

    return JWTBearerMiddleware(
        Starlette(routes=[Route("/messages", whose)]),
        node_oidc_provider(
            provider,
            audience=AUDIENCE,
            dpop=DPoP(public_origin=AUDIENCE),
            certificate_sources=[
                CertificateField("X-Client-Cert", encoding="url", trusted_proxies=["127.0.0.1"])
            ],
        ),
    )


def api(app: Any, auth: httpx.Auth | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=AUDIENCE, auth=auth, trust_env=False
    )


async def token_of(provider: str, client: str, **fields: str) -> dict[str, Any]:
    """The answer of the token endpoint to a client's credentials, and header fields."""
    async with httpx.AsyncClient(auth=(client, SECRET), trust_env=False) as asking:
        form = {"grant_type": "client_credentials", "scope": "read:messages"}
        answer = await asking.post(f"{provider}/token", data=form, headers=fields)
        nonce = answer.headers.get("DPoP-Nonce")
        return {"status": answer.status_code, "nonce": nonce, **answer.json()}


async def bound_token(provider: str, key: ProofKey) -> str:
    """A token bound to the key; the provider demands a nonce of its own (RFC 9449, section 8)."""
    endpoint = f"{provider}/token"
    asked = await token_of(provider, "dpop", DPoP=key.proof("POST", endpoint))
    assert (asked["status"], asked["error"]) == (400, "use_dpop_nonce")
    proof = key.proof("POST", endpoint, nonce=asked["nonce"])
    given = await token_of(provider, "dpop", DPoP=proof)
    assert given["token_type"] == "DPoP", given
    return str(given["access_token"])


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
async def test_a_dpop_token_of_oidc_provider_is_good_for_its_key_alone(
    provider: str, app: Any, algorithm: str
) -> None:
    """I1, I6, I10: accepted with its proofs; as Bearer, or with a thief's proof, it is not."""
    key = ProofKey(algorithm)
    token = await bound_token(provider, key)
    async with api(app, DPoPAuth(token, key)) as client:
        for _ in range(2):
            answer = await client.get("/messages")
            assert (answer.status_code, answer.text) == (200, "dpop read:messages")
    async with api(app, DPoPAuth(token, ProofKey(algorithm))) as thief:
        assert (await thief.get("/messages")).json()["error"] == "invalid_token"
    async with api(app) as thief:
        as_bearer = await thief.get("/messages", headers={"Authorization": f"Bearer {token}"})
        assert as_bearer.status_code == 401
        captured = answer.request.headers
        replayed = await thief.get("/messages", headers=captured)
        assert (replayed.status_code, replayed.json()["error"]) == (401, "invalid_dpop_proof")


async def test_a_certificate_bound_token_of_oidc_provider_is_good_for_its_certificate_alone(
    provider: str, app: Any
) -> None:
    """J1"""
    mine, other = ClientCertificate.generate(), ClientCertificate.generate("thief")
    given = await token_of(provider, "mtls", **{"X-Client-Cert": mine.escaped})
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    async with api(app) as client:
        good = await client.get("/messages", headers={**bearer, "X-Client-Cert": mine.escaped})
        assert (good.status_code, good.text) == (200, "mtls read:messages")
        stolen = await client.get("/messages", headers={**bearer, "X-Client-Cert": other.escaped})
        without = await client.get("/messages", headers=bearer)
    for refused in (stolen, without):
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")


async def test_an_unbound_token_of_oidc_provider_stays_a_bearer_token(
    provider: str, app: Any
) -> None:
    """I10: and it is nothing else."""
    token = (await token_of(provider, "plain"))["access_token"]
    async with api(app) as client:
        bearer = await client.get("/messages", headers={"Authorization": f"Bearer {token}"})
        fields = ProofKey().headers("GET", f"{AUDIENCE}/messages", token)
        proven = await client.get("/messages", headers=fields)
    assert (bearer.status_code, bearer.text) == (200, "plain read:messages")
    assert (proven.status_code, proven.json()["error"]) == (401, "invalid_token")
