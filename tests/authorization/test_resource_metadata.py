"""Identifiers of resources, and the documents about them (RFC 9728)."""

from typing import Any

import pytest

from asgi_jwks import ConfigurationError, ProtectedResource
from asgi_jwks.authorization.resource_metadata import (
    belongs_to,
    protected_resources,
    resource_at,
)


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        ("https://a.example", "https://a.example/.well-known/oauth-protected-resource"),
        ("https://a.example/", "https://a.example/.well-known/oauth-protected-resource"),
        ("https://a.example/mcp", "https://a.example/.well-known/oauth-protected-resource/mcp"),
        ("https://a.example/mcp/", "https://a.example/.well-known/oauth-protected-resource/mcp/"),
        (
            "https://a.example:8443/v1/mcp?tenant=1",
            "https://a.example:8443/.well-known/oauth-protected-resource/v1/mcp?tenant=1",
        ),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/.well-known/oauth-protected-resource/x"),
        ("http://[::1]:8000", "http://[::1]:8000/.well-known/oauth-protected-resource"),
        ("http://localhost", "http://localhost/.well-known/oauth-protected-resource"),
        (
            "https://a.example/%C3%A4",
            "https://a.example/.well-known/oauth-protected-resource/%C3%A4",
        ),
    ],
)
def test_the_well_known_path_stands_between_host_and_path(resource: str, url: str) -> None:
    """K1: RFC 9728, section 3; the query stays behind the path."""
    assert ProtectedResource(resource).metadata_url == url
    assert ProtectedResource(resource).resource == resource


IT_BREAKS: dict[str, list[Any]] = {
    "it is a string": [None, 5, b"https://a.example"],
    "it has ASCII characters of URLs only": [
        "https://a.example/a b",
        *(f"https://a.example/{character}" for character in '"\\<>^`{|}\n\x7f'),
        "https://ä.example/",
        "https://a.example/{tenant}",
    ],
    "it is not a URL": ["https://a.example:x/", "https://a.example:99999/", "https://[::1/"],
    "it begins with https://": [
        "",
        "mcp",
        "/mcp",
        "a.example/mcp",
        "urn:example:api",
        "ftp://a.example",
        "https://",
        "https:///mcp",
    ],
    "http is for loopback alone": ["http://a.example", "http://127.0.0.1.example"],
    "it has no fragment": ["https://a.example/#top", "https://a.example/mcp#"],
    "it has no user name": ["https://me@a.example/", "https://me:secret@a.example/"],
    "its host is in lower case and without the default port": [
        "https://A.example/",
        "https://a.example:443/",
        "http://localhost:80/",
        "https://a.example:/",
    ],
    "a percent sign is followed by two hexadecimal digits": [
        "https://a.example/%",
        "https://a.example/%2",
        "https://a.example/%zz",
    ],
    "its scheme is in lower case": ["HTTPS://a.example"],
    "its path has no empty and no dot segments": [
        "https://a.example//b",
        "https://a.example/a//b",
        "https://a.example/a/../b",
        "https://a.example/./b",
        "https://a.example/%2e%2e/b",
    ],
}


@pytest.mark.parametrize(
    ("rule", "wrong"), [(rule, wrong) for rule, urls in IT_BREAKS.items() for wrong in urls]
)
def test_a_resource_is_a_url_that_clients_write_in_one_way(rule: str, wrong: Any) -> None:
    """K1, A11: checked at construction; capitals and default ports are never sent."""
    with pytest.raises(ConfigurationError) as refused:
        ProtectedResource(wrong)
    assert str(refused.value) == (
        "resource must be the URL that clients know this API by, such as "
        f"resource='https://api.example.com/mcp'; {rule}: got {wrong!r}."
    )


def test_any_character_of_a_url_may_be_in_it() -> None:
    """K1: letters of any case among them."""
    assert ProtectedResource("https://a.example/XX-._~!$&'()*+,;=:@%20?q=X").path


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("scopes", "a b"),
        ("scopes", [5]),
        ("issuers", []),
        ("issuers", 5),
        ("issuers", "issuer.example"),
        ("issuers", "ftp://issuer.example/"),
        ("issuers", "https://issuer.example/ a"),
        ("issuers", "https://issuer.example/\x00"),
        ("name", ""),
        ("name", 5),
        ("issuers", "https://"),
        ("issuers", "https://a.example/#x"),
        ("issuers", "https://a.example/?tenant=1"),
        ("issuers", ["https://a.example/", "mailto:a@a.example"]),
        ("documentation", "docs"),
        ("documentation", ""),
        ("documentation", "https://"),
        ("documentation", "https://a.example/a b"),
        ("documentation", "https://a.example:port/"),
        ("documentation", "javascript:alert(1)"),
        ("documentation", 5),
        ("also_at_root", "yes"),
    ],
)
def test_an_argument_of_the_wrong_form_is_told_by_its_name(option: str, wrong: Any) -> None:
    """A11"""
    given: Any = {option: wrong}
    with pytest.raises(ConfigurationError, match=rf"^{option} "):
        ProtectedResource("https://a.example", **given)


def test_pages_and_loopback_are_taken_as_they_are_written() -> None:
    """K1, K4: a page may have a fragment; all of 127.0.0.0/8 is loopback, as for key sets."""
    page = "http://docs.example/#auth"
    assert ProtectedResource("https://a.example", documentation=page).documentation == page
    assert ProtectedResource("http://127.8.0.1:1/mcp").path == "/mcp"


@pytest.mark.parametrize(
    ("option", "example"),
    [
        ("scopes", "scopes=['orders:read']"),
        ("issuers", "issuers=['https://example.eu.auth0.com/']"),
        ("name", "name='Orders'"),
        ("documentation", "documentation='https://example.com/docs'"),
    ],
)
def test_the_sentence_says_how_to_write_it(option: str, example: str) -> None:
    """A11"""
    given: Any = {option: 5}
    with pytest.raises(ConfigurationError) as refused:
        ProtectedResource("https://a.example", **given)
    assert str(refused.value).endswith(f"Write for example {example}.")


def test_issuers_and_pages_may_be_on_this_machine() -> None:
    """K4: plain http is for those; a resource itself is held to more."""
    resource = ProtectedResource(
        "http://localhost", issuers="http://127.0.0.1:9000/", documentation="http://localhost/docs"
    )
    assert resource.issuers == ("http://127.0.0.1:9000/",)
    assert resource.documentation == "http://localhost/docs"


def test_offline_access_is_not_a_resource_s() -> None:
    """K4"""
    with pytest.raises(ConfigurationError, match="has offline_access, which a client asks for"):
        ProtectedResource("https://a.example", scopes=["read", "offline_access"])


def test_the_document_says_what_is_enforced() -> None:
    """K4"""
    document = ProtectedResource("https://a.example/mcp").metadata(
        issuers=["https://i/"],
        scopes=["read", "write", "read", "offline_access"],
        methods=["header"],
    )
    assert document == {
        "resource": "https://a.example/mcp",
        "authorization_servers": ["https://i/"],
        "scopes_supported": ["read", "write"],
        "bearer_methods_supported": ["header"],
    }


def test_given_members_stand_instead_and_empty_ones_do_not() -> None:
    """K3, K4: RFC 9728, section 3.2."""
    resource = ProtectedResource(
        "https://a.example",
        scopes="basic",
        issuers="https://j/",
        name="Orders",
        documentation="https://a.example/docs",
    )
    assert resource.metadata(issuers=["https://i/"], scopes=["read"], methods=[]) == {
        "resource": "https://a.example",
        "authorization_servers": ["https://j/"],
        "scopes_supported": ["basic"],
        "resource_name": "Orders",
        "resource_documentation": "https://a.example/docs",
    }
    none = ProtectedResource("https://a.example", scopes=[])
    assert none.metadata(issuers=[], scopes=["read"], methods=[]) == {
        "resource": "https://a.example"
    }


def test_the_longest_path_by_whole_segments_has_a_request() -> None:
    """K2"""
    resources = protected_resources(
        ["https://a.example", "https://a.example/a", ProtectedResource("https://a.example/a/b/")]
    )

    def at(path: str) -> str | None:
        found = resource_at(resources, path, "")
        return None if found is None else found.path

    assert [at(path) for path in ("/", "/x", "/ab", "/a", "/a/", "/a/x", "/a/bc")] == [
        *("", "", "", "/a", "/a", "/a", "/a"),
    ]
    assert [at(path) for path in ("/a/b", "/a/b/", "/a/b/c")] == ["/a/b/"] * 3
    elsewhere = protected_resources(["https://a.example/a", "https://a.example/b"])
    assert resource_at(elsewhere, "/c", "") is None


def test_resources_may_differ_by_their_query_alone() -> None:
    """K1, K2"""
    resources = protected_resources(
        ["https://a.example/mcp", "https://a.example/mcp?t=1", "https://a.example/mcp?t=2"]
    )
    found = [resource_at(resources, "/mcp", query) for query in ("", "t=1", "t=2", "t=3")]
    assert [resource and resource.query for resource in found] == ["", "t=1", "t=2", ""]


def test_a_sole_resource_has_every_request() -> None:
    """K5: also where a proxy takes a prefix away."""
    [sole] = resources = protected_resources("https://a.example/api/mcp")
    assert resource_at(resources, "/mcp", "") is sole


@pytest.mark.parametrize(
    "resources",
    [
        ["https://a.example/a", "https://b.example/a"],
        ["https://a.example", "https://a.example/"],
        [
            ProtectedResource("https://a.example/a", also_at_root=True),
            ProtectedResource("https://a.example/b", also_at_root=True),
        ],
        ["https://a.example", ProtectedResource("https://a.example/b", also_at_root=True)],
    ],
)
def test_two_documents_in_one_place_are_a_mistake(resources: Any) -> None:
    """K2"""
    with pytest.raises(ConfigurationError, match="two metadata documents"):
        protected_resources(resources)


def test_no_resources_are_a_mistake() -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="resource is empty"):
        protected_resources([])


def test_a_path_belongs_by_whole_segments() -> None:
    """K2"""
    assert belongs_to("/a/b", "/a")
    assert belongs_to("/a", "/a/")
    assert belongs_to("/aX/b", "/aX")
    assert not belongs_to("/a/b", "/aX")
    assert belongs_to("/x", "")
    assert not belongs_to("/ab", "/a")
    assert not belongs_to("/", "/a")
