"""The MCP project's conformance suite against a server behind the middleware, where it is there.

Its scenarios for servers know no authorization: those that are called auth/... are for clients, and
stand a server of the suite's own before them. So something in front of the middleware brings the
token, and the scenarios show that a server is the same server behind it: all of them give what they
give without the middleware, and those that the server can pass, pass; the example's server passes
those that do not call tools which it lacks. The two for authorization
servers are asked of the mock issuer. `.ci/run` installs the suite and the Node that it needs.
"""

import contextlib
import re
import runpy
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.examples import only_in_ci
from tests.support.node_peers import conformance_suite
from tests.support.ports import reserved_port, reserving_ports

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.integrations.mcp import MCPToolRequirements
from asgi_jwks.testing import MockIssuer, serve_app

pytest.importorskip("mcp.server.mcpserver", reason="mcp is in the group `frameworks`")

from tests.support.mcp_server import conformance_server

pytestmark = only_in_ci()

EXAMPLES = Path(__file__).parents[2] / "examples"

# Those of 0.2.0-alpha.12 that a server of the SDK's MCPServer passes; the others ask for parts of
# MCP that it leaves out (logging, sampling, completions, subscriptions, tasks, results that need
# input, the resumption of streams), with the middleware and without it.
PASSED = [
    "server-initialize",
    "server-session-lifecycle",
    "ping",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
    "tools-call-error",
    "tools-call-with-progress",
    "tools-call-elicitation",
    "server-sse-multiple-streams",
    "resources-list",
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "sep-2164-resource-not-found",
    "prompts-list",
    "prompts-get-simple",
    "prompts-get-with-args",
    "prompts-get-embedded-resource",
    "prompts-get-with-image",
    "dns-rebinding-protection",
    "caching",
    # Of 2026-07-28: the fields that name the method and the tool must say what the body says.
    "http-header-validation",
]

Results = dict[str, tuple[int, int]]
"""The checks that passed, and those that failed, by scenario."""


def guarded(server: Any) -> Any:
    """The server behind the middleware, with a token in front of both."""
    issuer = MockIssuer()
    within = JWTBearerMiddleware(
        MCPToolRequirements(server, {"cancel_order": "orders:write"}),
        issuer=issuer.issuer,
        audience=issuer.audience,
        http_client=issuer.http_client(),
        resource="http://127.0.0.1/mcp",
        requires="mcp:tools",
    )
    return with_token(within, issuer.access_token(scopes="mcp:tools"))


def with_token(app: Any, token: str) -> Any:
    """An application, with something in front of it that brings a token."""

    async def bringing(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            field = (b"authorization", b"Bearer " + token.encode())
            scope = {**scope, "headers": [*scope["headers"], field]}
        await app(scope, receive, send)

    return bringing


@pytest.fixture(scope="module")
def suite() -> list[str]:
    """The command of the suite."""
    return conformance_suite()


def asked(suite: list[str], app: Any, *, port: int = 0) -> Results:
    """The results of all scenarios for servers."""
    with serve_app(app, port=port) as url:
        ran = subprocess.run(
            [*suite, "server", "--url", f"{url}/mcp", "--suite", "all"],
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    lines = re.findall(r"^\S ([a-z0-9-]+): (\d+) passed, (\d+) failed", ran.stdout, re.MULTILINE)
    assert lines, ran.stdout + ran.stderr
    return {name: (int(passed), int(failed)) for name, passed, failed in lines}


@pytest.fixture(scope="module")
def behind(suite: list[str]) -> Results:
    """The results of a server behind the middleware."""
    return asked(suite, guarded(conformance_server()))


def test_a_server_conforms_behind_the_middleware(behind: Results) -> None:
    """K10: tools, streams, progress, questions back to the client, fields of requests."""
    missed = {name: behind.get(name) for name in PASSED if not passes(behind.get(name, (0, 0)))}
    assert missed == {}


# Without the tools, resources and prompts that others ask for by name.
OF_ANY_SERVER = [
    "server-initialize",
    "server-session-lifecycle",
    "ping",
    "tools-list",
    "server-sse-multiple-streams",
    "resources-list",
    "sep-2164-resource-not-found",
    "prompts-list",
    "dns-rebinding-protection",
    "caching",
    "http-header-validation",
]


def test_the_example_conforms(suite: list[str]) -> None:
    """K10: with a token of its issuer, which clients get as the example shows."""
    with reserving_ports():
        example = runpy.run_path(str(EXAMPLES / "mcp_server.py"))
        issuer, app = example["issuer"], example["app"]
        token = issuer.access_token(scopes="mcp:tools")
        with issuer.serve(port=example["LOGIN"]):
            results = asked(suite, with_token(app, token), port=example["PORT"])
    missed = {name: results.get(name) for name in OF_ANY_SERVER}
    assert {name: got for name, got in missed.items() if not passes(got or (0, 0))} == {}


def passes(result: tuple[int, int]) -> bool:
    """Whether there were checks, and none failed."""
    passed, failed = result
    return passed > 0 and failed == 0


def test_each_scenario_gives_what_it_gives_without_the_middleware(
    suite: list[str], behind: Results
) -> None:
    """K10: those as well that ask for parts of MCP which the server does not have."""
    assert behind == asked(suite, conformance_server())


def test_the_mock_issuer_conforms_as_an_authorization_server(suite: list[str]) -> None:
    """K10: metadata, and the authorization code grant with PKCE and a resource."""
    issuer = MockIssuer(audience="http://127.0.0.1:1/mcp")
    issuer.add_user("alice", "", subject="alice")
    with issuer.serve(), reserved_port() as port:
        metadata = httpx.get(f"{issuer.issuer}.well-known/oauth-authorization-server").json()
        client = {
            "redirect_uris": [f"http://127.0.0.1:{port}/callback"],
            "token_endpoint_auth_method": "none",
        }
        client_id = httpx.post(metadata["registration_endpoint"], json=client).json()["client_id"]
        arguments = ["--url", issuer.issuer, "--client-id", client_id, "--port", str(port)]
        arguments += ["--resource", issuer.audience]
        said = []
        with subprocess.Popen(
            [*suite, "authorization", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            # It waits five minutes for a person.
            end = threading.Timer(100, running.kill)
            end.start()
            for line in running.stdout or ():
                said.append(line)
                if line.startswith(metadata["authorization_endpoint"]):
                    threading.Thread(target=open_in_a_browser, args=[line.strip()]).start()
            end.cancel()
    assert running.returncode == 0, "".join(said)


def open_in_a_browser(url: str) -> None:
    """Follow the redirect back to the suite, which may not listen yet."""
    for _ in range(100):
        with contextlib.suppress(httpx.ConnectError):
            httpx.get(url, follow_redirects=True)
            return
