"""The spelling of a resource, held against audiences, and against the requests that come."""

import logging
from typing import Any

import pytest

from asgi_jwks import ProtectedResource, StaticJWKSet, TrustedIssuer
from asgi_jwks.asgi.resource_checks import (
    difference_of,
    hint_at_audiences,
    is_server,
    mounted_at,
    note_served,
)
from asgi_jwks.testing import MockIssuer

ISSUER = MockIssuer()
RESOURCE = "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("audience", "is_told"),
    [
        (RESOURCE, False),
        (f"{RESOURCE}/", True),
        ("HTTPS://API.example.com/v1", True),
        ("https://api.example.com/V1", True),
        ("https://api.example.com:443/v1", True),
        ("http://api.example.com:80/v1", True),
        ("http://api.example.com/v1", True),
        ("api.example.com/v1", True),
        ("api.example.com/v1/", True),
        ("https://api.example.com/v1x", False),
        ("https://api.example.com/v1X", False),
        ("https://api.example.com", False),
        ("https://api.example.com:8443/v1", False),
        ("https://api.example.org/v1", False),
        ("api", False),
    ],
)
def test_an_audience_that_is_the_resource_in_another_spelling_is_told(
    audience: str, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """K2, P4: once, with both; another one may be meant."""
    issuer = TrustedIssuer(
        issuer=ISSUER.issuer, audience=[audience], keys=StaticJWKSet(ISSUER.jwk_set())
    )
    hint_at_audiences([ProtectedResource(RESOURCE)], [issuer])
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == is_told
    for line in told:
        assert f"the resource '{RESOURCE}' (RFC 8707)" in line
        assert f"the audience here is '{audience}'" in line


@pytest.mark.parametrize(
    ("resource", "path", "host", "difference"),
    [
        (RESOURCE, "/v1", "api.example.com", None),
        (RESOURCE, "/v1/users", "api.example.com", None),
        (RESOURCE, "/v1", None, None),
        (RESOURCE, "/v1/", "api.example.com", "the slash at the end of the path"),
        (RESOURCE, "/v1X", "api.example.com", "the path"),
        (RESOURCE, "/v2", "api.example.com", "the path"),
        (RESOURCE, "/", "api.example.com", "the path"),
        (f"{RESOURCE}X", "/v1", "api.example.com", "the path"),
        (f"{RESOURCE}/", "/v1", "api.example.com", "the slash at the end of the path"),
        ("https://api.example.com", "/", "api.example.com", None),
        ("https://api.example.com/", "", "api.example.com", None),
        # Another name is a proxy's; another port is told.
        (RESOURCE, "/v1", "internal:9000", None),
        (RESOURCE, "/v1", "API.example.com", None),
        (RESOURCE, "/v1", "api.example.com:8443", "the port"),
        ("https://api.example.com:8443/v1", "/v1", "api.example.com:8443", None),
        ("https://api.example.com:8443/v1", "/v1", "api.example.com", "the port"),
        ("http://[::1]:8000/v1", "/v1", "[::1]:8000", None),
        ("http://[::1]:8000/v1", "/v1", "[::1]:9000", "the port"),
        ("http://[::1]:8000/v1", "/v1", "[::1]", "the port"),
        ("http://[::1]:8000/v1", "/v1", "[::2]:9000", None),
    ],
)
def test_the_part_by_which_a_request_is_elsewhere_is_told(
    resource: str, path: str, host: str | None, difference: str | None
) -> None:
    """K2, P4: the path first, then the port of the same host."""
    headers = [(b"accept", b"*/*")] + ([] if host is None else [(b"host", host.encode())])
    told = difference_of(ProtectedResource(resource), path, {"headers": headers})
    assert told == difference
    if host is None:
        assert difference_of(ProtectedResource(resource), path, {}) == difference


@pytest.mark.parametrize(
    ("scope", "where"),
    [
        ({}, None),
        ({"root_path": ""}, None),
        # The server's own root path is not a mount.
        ({"root_path": "/behind"}, None),
        ({"root_path": "", "app_root_path": ""}, None),
        ({"app_root_path": ""}, None),
        ({"root_path": "/behind/mcp", "app_root_path": "/behind"}, "/behind/mcp"),
        ({"root_path": "/mcp", "app_root_path": ""}, "/mcp"),
    ],
)
def test_an_application_that_is_mounted_knows_whether_its_metadata_are_served(
    scope: dict[str, Any], where: str | None
) -> None:
    """K2: by the one around it, to which the URLs of metadata come."""
    assert mounted_at(scope) == where
    around = {"root_path": scope.get("app_root_path", "")}
    note_served(around)
    assert mounted_at({**around, **scope}) is None
    # What serves them within a mount serves nobody.
    if where is not None:
        note_served(scope)
        assert mounted_at(scope) == where


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("https://issuer.example/", True),
        ("http://127.0.0.1:8000", True),
        ("urn:issuer", False),
        ("accounts", False),
        ("HTTPS://issuer.example/", False),
        ("", False),
    ],
)
def test_an_authorization_server_is_named_by_a_url(issuer: str, expected: bool) -> None:
    """K4: RFC 8414, section 2; clients would find nothing of others."""
    assert is_server(issuer) is expected


@pytest.fixture(autouse=True)
def warnings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "asgi_jwks.requests")
