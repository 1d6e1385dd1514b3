"""Proofs that others' clients make are accepted, and what they get wrong is not."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.binding.conftest import TOKEN

from asgi_jwks.binding.dpop import AcceptedProof, ProofRules
from asgi_jwks.binding.nonce import DPoPNonces
from asgi_jwks.binding.target_uri import PublicOrigin
from asgi_jwks.testing.proofs import ath_of

SECRET = "Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"
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
    node = shutil.which("node")
    script = Path(__file__).with_name("dpop_on_node.mjs")
    if node is None:
        pytest.skip("node is not installed")
    finds = [node, "-e", "require.resolve('dpop')"]
    if subprocess.run(finds, cwd=script.parent, capture_output=True, check=False).returncode:
        pytest.skip("the package dpop is not found by node; set NODE_PATH to where it is")
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
        env=dict(os.environ),
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
