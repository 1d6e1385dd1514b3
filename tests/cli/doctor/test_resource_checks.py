"""Findings about the metadata of a protected resource: the near misses that people meet."""

from typing import Any

import anyio
import pytest

from asgi_jwks.cli.doctor.challenge_grammar import Challenge, challenges
from asgi_jwks.cli.doctor.findings import Condition, DoctorFinding, Findings
from asgi_jwks.cli.doctor.probe import Probe
from asgi_jwks.cli.doctor.resource_checks import check_metadata
from asgi_jwks.fetching.response import FetchResponse

WELL_KNOWN = "/.well-known/oauth-protected-resource"
ISSUER = "https://idp.example/"


def look(
    url: str, *, named: str | None, answers: dict[str, FetchResponse]
) -> dict[str, DoctorFinding]:
    async def fetch(asked: str, headers: Any) -> FetchResponse:
        return answers.get(asked, FetchResponse(404, {}, b""))

    bearer: Challenge | None = None
    if named is not None:
        [bearer] = challenges(f'Bearer resource_metadata="{named}"')
    findings = Findings()
    anyio.run(check_metadata, url, bearer, Probe(timeout=5, fetch=fetch), findings, None)
    return {finding.check: finding for finding in findings.all()}


def document(resource: str) -> FetchResponse:
    body = f'{{"resource": "{resource}", "authorization_servers": ["{ISSUER}"]}}'
    return FetchResponse(200, {}, body.encode())


@pytest.mark.parametrize(
    ("url", "resource", "difference"),
    [
        ("https://api.example/mcp", "https://api.example/mcp", None),
        ("https://api.example/mcp/tools", "https://api.example/mcp", None),
        ("https://api.example/mcp", "https://api.example", None),
        ("https://api.example/", "https://api.example", None),
        ("https://api.example", "https://api.example/", None),
        ("https://api.example/mcp?a=b", "https://api.example/mcp", None),
        ("https://api.example/mcp/", "https://api.example/mcp", "the slash at its end"),
        ("https://api.example/mcp", "https://api.example/mcp/", "the slash at its end"),
        ("https://api.example/mcp2", "https://api.example/mcp", "its path"),
        ("https://api.example/api/mcp", "https://api.example/mcp", "its path"),
        ("https://api.example:8443/mcp", "https://api.example/mcp", "its port"),
        ("https://api.example/mcp", "https://www.api.example/mcp", "its host"),
        ("https://api.example/mcp", "http://api.example/mcp", "its scheme"),
    ],
)
def test_a_resource_is_held_against_the_url_that_clients_call(
    url: str, resource: str, difference: str | None
) -> None:
    """K2, O5: RFC 9728, section 3.3; by slash, path, port, host and scheme."""
    place = "/".join(url.split("/")[:3]) + WELL_KNOWN
    path = resource.partition("://")[2].partition("/")[2]
    place += f"/{path}" if path else ""
    finding = look(url, named=place, answers={place: document(resource)})["resource"]
    assert finding.condition is (Condition.OK if difference is None else Condition.PROBLEM)
    if difference is not None:
        assert f"differs from '{url}' by {difference}" in finding.found


@pytest.mark.parametrize("status", [401, 403])
def test_metadata_behind_the_guard_are_told(status: int) -> None:
    """K1, O5: clients without a token look for them."""
    url, place = "https://api.example/mcp", f"https://api.example{WELL_KNOWN}/mcp"
    behind = FetchResponse(status, {}, b"")
    finding = look(url, named=place, answers={place: behind})["resource_metadata"]
    assert finding.condition is Condition.PROBLEM
    assert "Without a token there is no metadata" in finding.found
    assert str(status) in finding.found
    assert "in front of the guard" in (finding.remedy or "")
    root = f"https://api.example{WELL_KNOWN}"
    finding = look(url, named=None, answers={place: behind, root: behind})["resource_metadata"]
    assert finding.condition is Condition.NOTE
    assert "public_paths" in (finding.remedy or "")
    finding = look(url, named=None, answers={place: behind})["resource_metadata"]
    assert f"no metadata at {place}; {root}" in finding.found


def test_metadata_that_nobody_serves_are_told_with_the_status() -> None:
    """K1, O5: a proxy passes the path of the API, and often not the well-known one."""
    url, place = "https://api.example/mcp", f"https://api.example{WELL_KNOWN}/mcp"
    finding = look(url, named=place, answers={})["resource_metadata"]
    assert finding.condition is Condition.PROBLEM
    assert "no JSON object is there: 404" in finding.found
    assert "A proxy must pass" in (finding.remedy or "")
    html = {place: FetchResponse(200, {}, b"<html>")}
    finding = look(url, named=place, answers=html)["resource_metadata"]
    assert "no JSON object is there: no JSON object" not in finding.found


@pytest.mark.parametrize(
    "named", ["https://[", "http://[::1", "/metadata", "", "http://api.example/x"]
)
def test_a_challenge_makes_nobody_ask_another_origin(named: str) -> None:
    """K1, O5: whatever stands there in the place of a URL, plain http among it."""
    found = look("https://api.example/mcp", named=named, answers={})["resource_metadata"]
    assert found.condition is (Condition.PROBLEM if named else Condition.NOTE)
    assert ("another origin" in found.found) is bool(named)


def test_a_resource_that_is_not_a_url_is_told() -> None:
    """K2, O5"""
    place = f"https://api.example{WELL_KNOWN}/mcp"
    answers = {place: document("https://[")}
    finding = look("https://api.example/mcp", named=place, answers=answers)["resource"]
    assert finding.condition is Condition.PROBLEM
    assert "'https://['" in finding.found
