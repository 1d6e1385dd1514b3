"""Key sets as providers publish them, fetched: see tests/provider_samples/SOURCES.md."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from asgi_jwks import RemoteJWKSet, StaticJWKSet

SAMPLES = Path(__file__).parent.parent / "provider_samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json") if path.stem != "firebase-x509")

pytestmark = pytest.mark.anyio


def published(name: str) -> tuple[bytes, dict[str, str]]:
    """The document and the header fields that were recorded with it."""
    content: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_bytes())
    fields = {
        field: value
        for field, value in content.get("headers", {}).items()
        if field.lower() in {"cache-control", "content-type", "etag"}
    }
    # With its line breaks, as Entra and GitLab send it.
    return json.dumps(content["jwks"], indent=2).encode(), fields


@pytest.mark.parametrize("name", NAMES)
async def test_a_fetched_set_has_the_keys_of_the_document(name: str) -> None:
    """E1: no usable key is dropped on the way, and no other one taken."""
    document, fields = published(name)
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=document, headers=fields))
    async with httpx.AsyncClient(transport=answer) as client:
        remote = RemoteJWKSet("https://issuer.example/keys", http_client=client)
        await remote.refresh()
    at_hand = remote.at_hand()
    given = StaticJWKSet(json.loads(document)).at_hand()
    assert at_hand is not None
    assert at_hand.keys == given.keys
    assert at_hand.skipped == given.skipped


TENANT = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0"


async def test_a_key_of_another_tenant_is_not_fetched_nor_restored(tmp_path: Path) -> None:
    """E5: the common document of Entra, for one tenant; its file is read at the next start."""
    document, _ = published("entra-v2-common")
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=document))
    silence = httpx.MockTransport(lambda _: httpx.Response(500))
    for transport in (answer, silence):
        async with httpx.AsyncClient(transport=transport) as client:
            remote = RemoteJWKSet(
                "https://login.microsoftonline.com/common/discovery/v2.0/keys",
                issuer=TENANT,
                http_client=client,
                snapshot=tmp_path / "keys.json",
            )
            await remote.warm()
        at_hand = remote.at_hand()
        assert at_hand is not None
        assert len(at_hand.keys) == 7
        assert len(at_hand.skipped) == 3
