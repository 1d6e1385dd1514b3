"""The MCP server of the examples behind the middleware, without a client's own way in."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from tests.support.ports import reserving_ports

from asgi_jwks.testing import serve_app

mcp = pytest.importorskip("mcp", reason="mcp is in the group `frameworks`")

from mcp.client.streamable_http import streamable_http_client  # noqa: E402

EXAMPLE = Path(__file__).parents[2] / "examples" / "mcp_server.py"


@pytest.fixture(scope="module")
def example() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("loaded_mcp_server", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with reserving_ports():
        spec.loader.exec_module(module)
        with module.issuer.serve(port=module.LOGIN), serve_app(module.app, port=module.PORT):
            yield module


async def say(example: ModuleType, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http_client,
        mcp.Client(streamable_http_client(example.RESOURCE, http_client=http_client)) as client,
    ):
        result: Any = await client.call_tool("who_am_i", {})
    text: str = result.content[0].text
    return text


@pytest.mark.anyio
async def test_each_caller_is_known_by_its_own_token(example: ModuleType) -> None:
    """G5, H2: nothing of one session is another's."""
    said = [
        await say(example, example.issuer.access_token(subject=name, scopes="mcp:tools"))
        for name in ("a", "b")
    ]
    assert said == ["You are a.", "You are b."]


@pytest.mark.anyio
async def test_the_client_without_a_valid_token_gets_nowhere(example: ModuleType) -> None:
    expired = example.issuer.access_token(lifetime=-60, scopes="mcp:tools")
    with pytest.raises(ExceptionGroup) as failed:
        await say(example, expired)
    assert failed.group_contains(mcp.MCPError, match="error response")


def test_a_refusal_tells_where_to_get_a_token(example: ModuleType) -> None:
    """B1, K1, K5; RFC 9728, section 5.1: and the metadata need no token."""
    refused = httpx2.post(example.RESOURCE)
    assert refused.status_code == 401
    url = f"{example.RESOURCE.removesuffix('/mcp')}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{url}"' in refused.headers["www-authenticate"]
    assert httpx2.get(url).json()["authorization_servers"] == [example.issuer.issuer]
