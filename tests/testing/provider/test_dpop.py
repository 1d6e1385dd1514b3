"""DPoP at the token endpoint: RFC 9449, sections 4.3, 5, 8 and 10."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse
from tests.support.clock import EPOCH, Clock

from asgi_jwks import DPoP, JWTBearerMiddleware
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.testing import DPoPAuth, MockIssuer, ProofKey, SigningKey, forge
from asgi_jwks.testing.provider.codes import challenge_of

pytestmark = pytest.mark.anyio

CALLBACK = "http://127.0.0.1:7000/callback"
ENDPOINT = "https://id.example/oauth/token"
KEY = SigningKey.generate("ES256")
ALICE = {"grant_type": "password", "username": "alice", "password": "wonderland"}
SPA = {**ALICE, "client_id": "spa"}


@pytest.fixture
def clock() -> Clock:
    return Clock(EPOCH)


@pytest.fixture
def issuer(clock: Clock) -> MockIssuer:
    issuer = MockIssuer(issuer="https://id.example/", algorithm="ES256", clock=clock)
    issuer.add_client("spa", redirect_uris=[CALLBACK])
    return issuer


def public(key: SigningKey) -> dict[str, object]:
    return {n: v for n, v in key.public_jwk().items() if n in {"kty", "crv", "x", "y", "n", "e"}}


def proof(
    key: SigningKey = KEY,
    *,
    header: Mapping[str, object] | None = None,
    jti: object = "1",
    **claims: object,
) -> str:
    return key.sign(
        {"typ": "dpop+jwt", "alg": key.algorithm, "jwk": public(key), **(header or {})},
        {"jti": jti, "htm": "POST", "htu": ENDPOINT, "iat": int(EPOCH), **claims},
    )


async def post(
    issuer: MockIssuer, *proofs: str, form: Mapping[str, str] = SPA, path: str = "oauth/token"
) -> httpx.Response:
    async with issuer.http_client() as client:
        headers = [("DPoP", each) for each in proofs]
        return await client.post(f"{issuer.url}{path}", data=dict(form), headers=headers)


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "PS256"])
async def test_a_proof_binds_the_token_to_its_key(issuer: MockIssuer, algorithm: str) -> None:
    """I18: cnf.jkt is the RFC 7638 thumbprint."""
    key = SigningKey.generate(algorithm)
    answer = await post(issuer, proof(key))
    assert answer.json()["token_type"] == "DPoP"
    token = forge.split(answer.json()["access_token"]).claims
    (published,) = JWKSet.parse({"keys": [key.public_jwk()]}).keys
    assert token["cnf"] == {"jkt": published.thumbprint}
    assert algorithm in str(issuer.metadata()["dpop_signing_alg_values_supported"])


HEADER = {"typ": "dpop+jwt", "alg": "ES256"}
WRONG: dict[str, Callable[[], str]] = {
    "another method": lambda: proof(htm="GET"),
    "another URL": lambda: proof(htu="https://id.example/other"),
    "another port": lambda: proof(htu="https://id.example:8443/oauth/token"),
    "a port that is not one": lambda: proof(htu="https://id.example:x/oauth/token"),
    "a URL that is a number": lambda: proof(htu=7),
    "another case of the path": lambda: proof(htu="https://id.example/OAuth/token"),
    "an old one": lambda: proof(iat=int(EPOCH) - 61),
    "one of the future": lambda: proof(iat=int(EPOCH) + 6),
    "no time": lambda: proof(iat="now"),
    "no jti": lambda: proof(jti=None),
    "an empty jti": lambda: proof(jti=""),
    "another typ": lambda: proof(header={"typ": "JWT"}),
    "alg none": lambda: proof(header={"alg": "none"}),
    "a private key": lambda: proof(header={"jwk": {**public(KEY), "d": "AA"}}),
    "a part of one": lambda: proof(header={"jwk": {**public(KEY), "dq": "AA"}}),
    "a text as key": lambda: proof(header={"jwk": "no key"}),
    "a secret as key": lambda: proof(header={"jwk": {"kty": "oct", "k": "AAAA"}}),
    "another key": lambda: proof(header={"jwk": public(SigningKey.generate("ES256"))}),
    "an array": lambda: KEY.sign({**HEADER, "jwk": public(KEY)}, b"[7]"),
    "brackets within brackets": lambda: KEY.sign({**HEADER, "jwk": public(KEY)}, b"[" * 100_000),
    "no JSON": lambda: KEY.sign({**HEADER, "jwk": public(KEY)}, b"no json"),
    "no key": lambda: KEY.sign(HEADER, {}),
    "no JWT": lambda: "no proof",
    "nothing": lambda: "",
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_proof_that_proves_nothing_is_refused(issuer: MockIssuer, wrong: str) -> None:
    """I3, I4, I7, I9."""
    assert error(await post(issuer, WRONG[wrong]())) == (400, "invalid_dpop_proof")


async def test_a_proof_is_good_once(issuer: MockIssuer, clock: Clock) -> None:
    """I11."""
    assert (await post(issuer, proof())).status_code == 200
    assert error(await post(issuer, proof())) == (400, "invalid_dpop_proof")
    assert (await post(issuer, proof(jti="2"))).status_code == 200
    clock.now += 66
    assert (await post(issuer, proof(iat=int(clock.now)))).status_code == 200


async def test_there_is_one_proof_or_none_unless_it_is_required(issuer: MockIssuer) -> None:
    """I2."""
    assert error(await post(issuer, proof(), proof(jti="2"))) == (400, "invalid_dpop_proof")
    assert (await post(issuer)).json()["token_type"] == "Bearer"
    issuer.token.dpop_required = True
    assert error(await post(issuer)) == (400, "invalid_dpop_proof")
    issuer.reset()
    assert (await post(issuer)).status_code == 200


async def test_either_url_of_the_endpoint_may_be_named(issuer: MockIssuer) -> None:
    answer = await post(issuer, proof(htu="https://id.example/token"), path="token")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "htu",
    [
        f"{ENDPOINT}?x=1#part",
        "HTTPS://ID.EXAMPLE:443/oauth/token",
    ],
)
async def test_urls_are_compared_as_the_standard_has_it(issuer: MockIssuer, htu: str) -> None:
    """I7: RFC 9449, section 4.3: without query and fragment, and normalised."""
    assert (await post(issuer, proof(htu=htu))).status_code == 200


async def test_a_client_that_always_has_proofs_gets_no_token_without_one(
    issuer: MockIssuer,
) -> None:
    """I18: RFC 9449, section 5.2: dpop_bound_access_tokens."""
    metadata = {
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": True,
    }
    async with issuer.http_client() as client:
        registered = (await client.post(f"{issuer.url}register", json=metadata)).json()
    assert registered["dpop_bound_access_tokens"] is True
    form = {**ALICE, "client_id": registered["client_id"]}
    assert error(await post(issuer, form=form)) == (400, "invalid_dpop_proof")
    assert (await post(issuer, proof(), form=form)).json()["token_type"] == "DPoP"


async def test_a_nonce_can_be_demanded(issuer: MockIssuer) -> None:
    """I14: RFC 9449, section 8."""
    issuer.token.dpop_nonce = "n1"
    challenged = await post(issuer, proof())
    assert error(challenged) == (400, "use_dpop_nonce")
    assert challenged.headers["dpop-nonce"] == "n1"
    answer = await post(issuer, proof(nonce="n1"))
    assert (answer.status_code, answer.headers["dpop-nonce"]) == (200, "n1")


async def test_a_refresh_token_of_a_public_client_is_bound_to_the_key(issuer: MockIssuer) -> None:
    """RFC 9449, section 5: that of a confidential client is bound to the client."""
    answer = (await post(issuer, proof())).json()
    form = {
        "grant_type": "refresh_token",
        "client_id": "spa",
        "refresh_token": answer["refresh_token"],
    }
    other = SigningKey.generate("ES256")
    assert error(await post(issuer, form=form)) == (400, "invalid_dpop_proof")
    assert error(await post(issuer, proof(other), form=form)) == (400, "invalid_dpop_proof")
    refreshed = await post(issuer, proof(jti="2"), form=form)
    assert refreshed.json()["token_type"] == "DPoP"
    # Whoever names no client has not authenticated either.
    nobody = (await post(issuer, proof(jti="5"), form=ALICE)).json()
    form = {"grant_type": "refresh_token", "refresh_token": nobody["refresh_token"]}
    assert error(await post(issuer, proof(other, jti="6"), form=form)) == (
        400,
        "invalid_dpop_proof",
    )
    secret = {"client_id": "mock-client", "client_secret": "mock-secret"}
    confidential = (await post(issuer, proof(jti="3"), form={**ALICE, **secret})).json()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": confidential["refresh_token"],
        **secret,
    }
    assert (await post(issuer, proof(other, jti="4"), form=form)).status_code == 200


async def test_a_code_can_be_bound_to_a_key(issuer: MockIssuer) -> None:
    """RFC 9449, section 10: dpop_jkt."""
    bound = (await post(issuer, proof(jti="0"))).json()["access_token"]
    confirmation: Any = forge.split(bound).claims["cnf"]
    query: dict[str, Any] = {
        "response_type": "code",
        "client_id": "spa",
        "redirect_uri": CALLBACK,
        "code_challenge": challenge_of("v" * 43),
        "code_challenge_method": "S256",
        "dpop_jkt": confirmation["jkt"],
    }
    for number, key in enumerate([SigningKey.generate("ES256"), KEY], start=1):
        async with issuer.http_client() as client:
            sent = await client.get(f"{issuer.url}authorize", params=query)
        form = {
            "grant_type": "authorization_code",
            "client_id": "spa",
            "redirect_uri": CALLBACK,
            "code": httpx.URL(sent.headers["location"]).params["code"],
            "code_verifier": "v" * 43,
        }
        answer = await post(issuer, proof(key, jti=str(number)), form=form)
        assert answer.status_code == (200 if key is KEY else 400), answer.text


async def test_a_client_goes_all_the_way_from_the_token_endpoint_to_an_api() -> None:
    """I18, I6: two readings of proofs and three of a thumbprint agree."""
    issuer, key = MockIssuer(issuer="https://id.example/", algorithm="ES256"), ProofKey()
    issuer.add_client("spa")
    form = {**SPA, "resource": "https://api.example.com"}
    answer = (await post(issuer, key.proof("POST", ENDPOINT), form=form)).json()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse(scope["claims"]["cnf"])(scope, receive, send)

    guarded = JWTBearerMiddleware(
        app,
        issuer=issuer.issuer,
        audience="https://api.example.com",
        algorithms=["ES256"],
        http_client=issuer.http_client(),
        dpop=DPoP(public_origin="https://api.example.com"),
    )
    transport = httpx.ASGITransport(guarded)
    token = answer["access_token"]
    for auth, status in ((DPoPAuth(token, key), 200), (DPoPAuth(token, ProofKey()), 401)):
        async with httpx.AsyncClient(transport=transport, auth=auth) as client:
            got = await client.get("https://api.example.com/")
        assert got.status_code == status
    bearer = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.get("https://api.example.com/", headers=bearer)).status_code == 401
