"""The MCP server that the conformance suite asks for: tools, resources and prompts by its names.

Of what it can ask, it has the parts in which a server answers, streams, reports, and asks its
client back; the parts about other extensions, and about logging, the SDK's MCPServer leaves out.
"""

from base64 import b64encode
from typing import Any

import anyio
import anyio.lowlevel
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    AudioContent,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel

__all__ = ["conformance_server"]

# The smallest picture and sound that are one: a pixel, and nothing.
_PNG = b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da63fc"
        "ff1f0002eb01f58f29c7b30000000049454e44ae426082"
    )
).decode()
_WAV = b64encode(b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0\x80>\0\0\2\0\x10\0data").decode()


class Answer(BaseModel):
    """What the suite's client fills in."""

    username: str
    email: str


def _resource(uri: str, text: str) -> EmbeddedResource:
    contents = TextResourceContents(uri=uri, mime_type="text/plain", text=text)
    return EmbeddedResource(type="resource", resource=contents)


def _image() -> ImageContent:
    return ImageContent(type="image", data=_PNG, mime_type="image/png")


def conformance_server() -> Any:
    """The server's streamable HTTP application."""
    server = MCPServer("conformance", log_level="CRITICAL")
    _add_tools(server)
    _add_resources(server)
    _add_prompts(server)
    return server.streamable_http_app()


def _add_tools(server: MCPServer) -> None:
    async def test_simple_text() -> str:
        return "This is a simple text response for testing."

    async def test_error_handling() -> str:
        raise ValueError("This tool intentionally returns an error for testing")

    async def test_image_content() -> ImageContent:
        return _image()

    async def test_audio_content() -> AudioContent:
        return AudioContent(type="audio", data=_WAV, mime_type="audio/wav")

    async def test_embedded_resource() -> EmbeddedResource:
        return _resource("test://embedded-resource", "This is an embedded resource content.")

    async def test_multiple_content_types() -> list[Any]:
        text = TextContent(type="text", text="Multiple content types test:")
        return [text, _image(), _resource("test://mixed-content-resource", "{}")]

    async def test_tool_with_progress(ctx: Context) -> str:
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
            # The suite wants them one after the other.
            await anyio.lowlevel.checkpoint()
        return "done"

    async def test_elicitation(message: str, ctx: Context) -> str:
        answer = await ctx.elicit(message, Answer)
        return f"User response: {answer}"

    for tool in (
        test_simple_text,
        test_error_handling,
        test_image_content,
        test_audio_content,
        test_embedded_resource,
        test_multiple_content_types,
        test_tool_with_progress,
        test_elicitation,
    ):
        server.tool(description=tool.__name__, structured_output=False)(tool)


def _add_resources(server: MCPServer) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        return b"\x89PNG"

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:  # noqa: A002
        return f'{{"id": "{id}", "templateTest": true, "data": "Data for ID: {id}"}}'


def _add_prompts(server: MCPServer) -> None:
    @server.prompt()
    def test_simple_prompt() -> str:
        """A prompt without arguments."""
        return "This is a simple prompt for testing."

    @server.prompt()
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        """A prompt with two."""
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt()
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[Any]:  # noqa: N803
        """A prompt with a resource in it."""
        return [UserMessage(_resource(resourceUri, "Embedded resource content for testing."))]

    @server.prompt()
    def test_prompt_with_image() -> list[Any]:
        """A prompt with a picture in it."""
        return [UserMessage(_image())]
