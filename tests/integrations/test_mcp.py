"""An MCP server behind the middleware, called by the SDK's own client over real sockets."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx2
import pytest

from asgi_jwks.testing import serve_app

mcp = pytest.importorskip("mcp", reason="mcp is in the group `frameworks`")

EXAMPLE = Path(__file__).parents[2] / "examples" / "mcp_server.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("loaded_mcp_server", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def url(example: ModuleType) -> Iterator[str]:
    with serve_app(example.app) as url:
        yield url


@pytest.mark.anyio
async def test_a_tool_knows_who_calls_it(example: ModuleType, url: str) -> None:
    token = example.issuer.access_token(subject="agent")
    assert await example.call(url, token) == "You are agent."


@pytest.mark.anyio
async def test_each_caller_is_known_by_its_own_token(example: ModuleType, url: str) -> None:
    """G5, H2: nothing of one session is another's."""
    said = [
        await example.call(url, example.issuer.access_token(subject=name)) for name in ("a", "b")
    ]
    assert said == ["You are a.", "You are b."]


@pytest.mark.anyio
async def test_the_client_without_a_valid_token_gets_nowhere(example: ModuleType, url: str) -> None:
    expired = example.issuer.access_token(lifetime=-60)
    with pytest.raises(ExceptionGroup) as failed:
        await example.call(url, expired)
    assert failed.group_contains(mcp.MCPError, match="error response")


def test_a_refusal_tells_where_to_get_a_token(example: ModuleType, url: str) -> None:
    """B1; RFC 9728, section 5.1: and the metadata needs no token."""
    refused = httpx2.post(f"{url}/mcp")
    assert refused.status_code == 401
    assert (
        f'resource_metadata="http://127.0.0.1{example.METADATA}"'
        in (refused.headers["www-authenticate"])
    )
    metadata = httpx2.get(f"{url}{example.METADATA}").json()
    assert metadata["authorization_servers"] == [example.issuer.issuer]
