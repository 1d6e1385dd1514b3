"""The settings of the providers' example fit what the providers really publish."""

import importlib.util
import json
import re
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


@pytest.fixture(scope="module")
def providers() -> dict[str, dict[str, Any]]:
    spec = importlib.util.spec_from_file_location("providers", ROOT / "examples" / "providers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    settings: dict[str, dict[str, Any]] = module.PROVIDERS
    return settings


def sample(name: str) -> dict[str, Any]:
    path = ROOT / "tests" / "provider_samples" / f"{SAMPLES[name]}.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def shape(url: str) -> str:
    """A URL without the parts that are the tenant's own."""
    tenants = (r"\{\w+\}", r"[0-9a-f]{8}(-[0-9a-f]+){4}", "eu-central-1(_Example)?", "common")
    for tenant in tenants:
        url = re.sub(tenant, "T", url)
    return re.sub(r"//(example\.eu|keycloak\.example\.com|T|localhost:8080)", "//T", url)


def test_every_provider_has_a_sample(providers: dict[str, Any]) -> None:
    assert set(providers) == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_published_key_set_serves_with_the_settings(
    name: str, providers: dict[str, Any]
) -> None:
    """E6: also where keys have no alg."""
    keys = StaticJWKSet(sample(name)["jwks"])
    trusted = TrustedIssuer(**providers[name], keys=keys)
    assert trusted.rules.algorithms == {"RS256"}
    assert keys.at_hand().keys


@pytest.mark.parametrize("name", SAMPLES)
def test_the_issuer_is_written_as_the_provider_writes_it(
    name: str, providers: dict[str, Any]
) -> None:
    """F12, G5: to the last slash."""
    document = sample(name)
    published = document.get("discovery", document)["issuer"]
    last = re.search(r"/?$", published)
    configured = providers[name]["issuer"]
    assert last is not None
    assert configured.endswith("/") == bool(last.group())
    assert shape(configured).count("/") == shape(published).count("/")
    assert metadata_urls(configured)[0].startswith("https://")
