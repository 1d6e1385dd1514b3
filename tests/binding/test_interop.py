"""Proofs between us and others: theirs are accepted here, ours there, and bent ones by nobody."""

import json
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from tests.binding.conftest import TOKEN
from tests.support.node_peers import node_with

from asgi_jwks.binding.dpop import AcceptedProof, ProofRules
from asgi_jwks.binding.nonce import DPoPNonces
from asgi_jwks.binding.target_uri import PublicOrigin
from asgi_jwks.errors import RequestError
from asgi_jwks.testing import ProofKey
from asgi_jwks.testing.proofs import ath_of

SECRET = "Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"
MESSAGES = "https://api.example.com/messages"
ORIGIN = PublicOrigin("https://api.example.com")

# As a client names the URL, and as a server receives the path.
URLS = {
    "https://api.example.com/messages?page=1": b"/messages",
    "https://API.example.com:443/a/../b%7E/": b"/b~/",
    "https://api.example.com": b"/",
    "https://api.example.com/caf\u00e9/%2F;v=1": b"/caf%C3%A9/%2f;v=1",
}


def judged(made: dict[str, Any], path: bytes, method: str, *, nonces: bool) -> AcceptedProof:
    rules = ProofRules(
        algorithms=frozenset({"ES256", "Ed25519", "EdDSA", "RS256", "PS256"}),
        max_age=60.0,
        nonces=DPoPNonces(SECRET) if nonces else None,
    )
    return rules.judge(
        made["proof"].encode(),
        method=method,
        targets=[ORIGIN.target(path)],
        ath=ath_of(TOKEN),
        jkt=made["thumbprint"],
        now=time.time(),
    )


def test_proofs_of_dpop_on_node_are_accepted() -> None:
    """I18: panva's package, each of its algorithms, with and without a nonce."""
    node = node_with("dpop")
    script = Path(__file__).with_name("dpop_on_node.mjs")
    current = DPoPNonces(SECRET).current(time.time())
    cases = [
        {"algorithm": algorithm, "url": url, "method": "POST", "nonce": nonce, "token": TOKEN}
        for algorithm in ("ES256", "Ed25519", "RS256", "PS256")
        for url in URLS
        for nonce in (None, current)
    ]
    run = subprocess.run(
        [node, str(script)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for case, made in zip(cases, json.loads(run.stdout), strict=True):
        accepted = judged(made, URLS[str(case["url"])], "POST", nonces=case["nonce"] is not None)
        assert accepted.ttl > 0


@pytest.mark.parametrize("url", URLS)
def test_proofs_of_pydpop_are_accepted(url: str) -> None:
    """I18"""
    pydpop = pytest.importorskip("pydpop", reason="pydpop is in the group `frameworks`")
    key = pydpop.generate_key()
    made = {
        "proof": pydpop.generate_proof(private_key=key, htm="GET", htu=url, access_token=TOKEN),
        "thumbprint": pydpop.jwk_thumbprint(pydpop.public_jwk(key)),
    }
    assert judged(made, URLS[url], "GET", nonces=False).ttl > 0


# By name: a method, a URL, a token and claims of the proof, where the request is GET of URL.
BENT: dict[str, dict[str, Any]] = {
    "another method": {"htm": "POST"},
    "another path": {"htu": "https://api.example.com/other"},
    "another host": {"htu": "https://api.example.net/messages"},
    "another scheme": {"htu": "http://api.example.com/messages"},
    "another token": {"ath": ath_of("another.access.token")},
    "no token": {"without": ("ath",)},
    "no identifier": {"without": ("jti",)},
    "an empty identifier": {"jti": ""},
    "a number as identifier": {"jti": 7},
    "no time": {"without": ("iat",)},
    "an old time": {"iat": 1},
    "a time to come": {"iat": 4_000_000_000},
    "a text as time": {"iat": "now"},
    "another type": {"headers": {"typ": "JWT"}},
    "no type": {"without": ("typ",)},
    "an algorithm that is none": {"headers": {"alg": "none"}},
    "an algorithm for secrets": {"headers": {"alg": "HS256"}},
    "no key": {"without": ("jwk",)},
    "a private key": {"headers": {"jwk": {**ProofKey().jwk, "d": "AQ"}}},
    "the key of another": {"headers": {"jwk": dict(ProofKey().jwk)}},
}


async def is_good_for_auth0(proof: str) -> bool:
    # Its import warns of a library of its own, past all filters.
    with warnings.catch_warnings(record=True):
        auth0 = pytest.importorskip(
            "auth0_api_python", reason="auth0-api-python is in the group `frameworks`"
        )
    options = auth0.ApiClientOptions(domain="example.eu.auth0.com", audience="api")
    try:
        await auth0.ApiClient(options).verify_dpop_proof(
            access_token=TOKEN, proof=proof, http_method="GET", http_url=MESSAGES
        )
    except auth0.errors.BaseAuthError:
        return False
    return True


def is_good_here(proof: str, key: ProofKey) -> bool:
    made = {"proof": proof, "thumbprint": key.thumbprint}
    try:
        judged(made, b"/messages", "GET", nonces=False)
    except RequestError:
        return False
    return True


@pytest.mark.anyio
async def test_a_proof_of_ours_is_good_for_auth0_s_client_as_well() -> None:
    """I18"""
    key = ProofKey()
    proof = key.proof("GET", f"{MESSAGES}?page=1", TOKEN)
    assert await is_good_for_auth0(proof)
    assert is_good_here(proof, key)


@pytest.mark.anyio
@pytest.mark.parametrize("bent", BENT)
async def test_a_proof_that_auth0_s_client_refuses_is_refused_here(bent: str) -> None:
    """I3-I9: twenty faults, each of which both find."""
    key = ProofKey()
    proof = key.proof("GET", MESSAGES, TOKEN, **BENT[bent])
    assert not is_good_here(proof, key)
    assert not await is_good_for_auth0(proof)


@pytest.mark.anyio
async def test_a_proof_that_auth0_s_client_lets_pass_may_be_refused_here() -> None:
    """I4, I7, I9: the case of the method counts, and a proof of four minutes is old."""
    key = ProofKey()
    for bent in ({"htm": "get"}, {"iat": int(time.time()) - 240}):
        proof = key.proof("GET", MESSAGES, TOKEN, **bent)
        assert await is_good_for_auth0(proof)
        assert not is_good_here(proof, key)
