"""A client's proofs, and the clients that send them."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jwt
import pytest

from asgi_jwks.testing import DPoPAuth, ProofKey, SigningKey, forge
from asgi_jwks.testing.proofs import ath_of

URL = "https://api.example.com/messages?page=1#top"


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "PS256"])
def test_a_proof_is_one_to_another_library(algorithm: str) -> None:
    """I18: PyJWT verifies it by the key in its header."""
    key = ProofKey(algorithm, clock=lambda: 1_700_000_000.9)
    proof = key.proof("POST", URL, "token", nonce="n")
    header = jwt.get_unverified_header(proof)
    assert header["typ"] == "dpop+jwt"
    assert "d" not in header["jwk"]
    claims = jwt.decode(
        proof,
        jwt.PyJWK({**header["jwk"], "alg": algorithm}),
        algorithms=[algorithm],
        options={"verify_iat": False},
    )
    assert claims.pop("jti")
    assert claims == {
        "htm": "POST",
        "htu": "https://api.example.com/messages",
        "iat": 1_700_000_000,
        "ath": ath_of("token"),
        "nonce": "n",
    }


def test_a_thumbprint_is_that_of_the_rfc() -> None:
    """I6: RFC 9449, section 6.1: the key of its figures, by its members alone."""
    key = ProofKey()
    key.jwk.clear()
    key.jwk.update(
        kty="EC",
        crv="P-256",
        x="l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        y="9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    )
    assert key.confirmation == {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}


def test_a_forger_may_bend_a_proof() -> None:
    """I18"""
    key = ProofKey(signing_key=SigningKey.generate("EdDSA"))
    proof = key.proof("GET", URL, headers={"typ": "JWT"}, without=("jti", "jwk"), iat="x")
    parts = forge.split(proof)
    assert parts.header_members == {"typ": "JWT", "alg": "EdDSA"}
    assert parts.claims == {"htm": "GET", "htu": URL.partition("?")[0], "iat": "x"}


def answers(*given: tuple[int, str | None]) -> tuple[Callable[[Any], tuple[int, Any]], list[Any]]:
    """A server that answers with these statuses and nonces, and the proofs that it saw."""
    seen: list[Any] = []
    rest = list(given)

    def answer(request: Any) -> tuple[int, Any]:
        assert request.headers["Authorization"] == "DPoP token"
        seen.append(forge.split(request.headers["DPoP"]).claims)
        status, nonce = rest.pop(0)
        return status, {} if nonce is None else {"DPoP-Nonce": nonce}

    return answer, seen


async def by_httpx(answer: Callable[[Any], tuple[int, Any]], auth: DPoPAuth, count: int) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        status, headers = answer(request)
        return httpx.Response(status, headers=headers)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle), auth=auth) as client:
        for _ in range(count):
            await client.post(URL, content=b"body")


async def by_httpx2(answer: Callable[[Any], tuple[int, Any]], auth: DPoPAuth, count: int) -> None:
    httpx2 = pytest.importorskip("httpx2", reason="httpx2 is in the extra `testing`")

    def handle(request: Any) -> Any:
        status, headers = answer(request)
        return httpx2.Response(status, headers=headers)

    with httpx2.Client(transport=httpx2.MockTransport(handle), auth=auth) as client:
        for _ in range(count):
            client.post(URL, content=b"body")


@pytest.mark.anyio
@pytest.mark.parametrize("send", [by_httpx, by_httpx2])
async def test_a_client_signs_each_request_and_follows_the_servers_nonces(
    send: Callable[..., Awaitable[None]],
) -> None:
    """I18, I14: `auth=` of httpx and httpx2; one more attempt for a new nonce, and no third."""
    answer, seen = answers((401, "1"), (200, None), (200, "2"), (401, "3"), (401, "3"), (401, None))
    await send(answer, DPoPAuth(lambda: "token", ProofKey()), 4)
    assert [claims.get("nonce") for claims in seen] == [None, "1", "1", "2", "3", "3"]
    assert len({claims["jti"] for claims in seen}) == 6
    assert {(claims["htm"], claims["htu"]) for claims in seen} == {
        ("POST", "https://api.example.com/messages")
    }


@pytest.mark.anyio
async def test_a_token_may_be_given_as_it_is() -> None:
    """I18"""
    answer, seen = answers((403, None))
    await by_httpx(answer, DPoPAuth("token", ProofKey()), 1)
    assert seen[0]["ath"] == ath_of("token")
