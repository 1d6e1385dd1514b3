"""A client's key, and a request that it proves."""

from collections.abc import Callable

import pytest

from asgi_jwks.binding.dpop import AcceptedProof, ProofRules
from asgi_jwks.testing.proofs import ProofKey, ath_of

NOW = 1_700_000_000.0
URL = "https://api.example.com/messages"
TOKEN = "header.payload.signature"


@pytest.fixture(scope="session")
def proof_key() -> ProofKey:
    return ProofKey(clock=lambda: NOW)


@pytest.fixture
def rules() -> ProofRules:
    return ProofRules(
        algorithms=frozenset({"ES256", "EdDSA", "Ed25519", "RS256", "PS256"}),
        max_age=60.0,
        nonces=None,
    )


Judge = Callable[..., AcceptedProof]


@pytest.fixture
def judge(rules: ProofRules, proof_key: ProofKey) -> Judge:
    """Judge a proof for GET of URL with TOKEN, at NOW."""

    def judge(
        proof: str | bytes,
        *,
        method: str = "GET",
        targets: tuple[str, ...] = (URL,),
        token: str = TOKEN,
        jkt: str | None = None,
        now: float = NOW,
        rules: ProofRules = rules,
    ) -> AcceptedProof:
        return rules.judge(
            proof.encode() if isinstance(proof, str) else proof,
            method=method,
            targets=targets,
            ath=ath_of(token),
            jkt=proof_key.thumbprint if jkt is None else jkt,
            now=now,
        )

    return judge
