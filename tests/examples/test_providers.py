"""The presets of the providers' example fit what the providers really publish."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asgi_jwks import StaticJWKSet, TrustedIssuer
from asgi_jwks.keys.discovery import metadata_urls

ROOT = Path(__file__).parents[2]
SAMPLES = {
    "auth0": "auth0",
    "entra": "entra-v2",
    "cognito": "aws-cognito",
    "keycloak": "keycloak",
    "google": "google",
}

Presets = dict[str, Callable[..., TrustedIssuer]]


@pytest.fixture(scope="module")
def presets() -> Presets:
    spec = importlib.util.spec_from_file_location("providers", ROOT / "examples" / "providers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Presets = module.PROVIDERS
    return found


def sample(name: str) -> dict[str, Any]:
    path = ROOT / "tests" / "provider_samples" / f"{SAMPLES[name]}.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_every_provider_has_a_sample(presets: Presets) -> None:
    assert set(presets) == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_published_key_set_serves(name: str, presets: Presets) -> None:
    """E6: also where keys have no alg."""
    keys = StaticJWKSet(sample(name)["jwks"])
    assert presets[name](keys=keys).rules.algorithms == {"RS256"}
    assert keys.at_hand().keys


@pytest.mark.parametrize("name", SAMPLES)
def test_the_issuer_is_written_as_the_provider_writes_it(name: str, presets: Presets) -> None:
    """F12, G5: to the last slash."""
    document = sample(name)
    published = document.get("discovery", document)["issuer"]
    configured = presets[name](keys=StaticJWKSet(document["jwks"])).issuer
    assert configured.endswith("/") == published.endswith("/")
    assert configured.count("/") == published.count("/")
    assert metadata_urls(configured)[0].startswith("https://")
