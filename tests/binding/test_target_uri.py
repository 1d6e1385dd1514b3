"""The normal form of target URIs (RFC 3986, sections 6.2.2 and 6.2.3)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks import ConfigurationError
from asgi_jwks.binding.target_uri import (
    PublicOrigin,
    TargetURIError,
    normal_path,
    normal_target_uri,
)


@pytest.mark.parametrize(
    ("uri", "normal"),
    [
        ("https://api.example.com/a", "https://api.example.com/a"),
        ("HTTPS://API.Example.COM/A/b", "https://api.example.com/A/b"),
        ("https://h:443/", "https://h/"),
        ("http://h:80/", "http://h/"),
        ("http://h:443/", "http://h:443/"),
        ("https://h:80/", "https://h:80/"),
        ("https://h:/a", "https://h/a"),
        ("https://h:0443/a", "https://h/a"),
        ("https://h:08443/a", "https://h:8443/a"),
        ("https://h", "https://h/"),
        ("https://h?a=b", "https://h/"),
        ("https://h#a", "https://h/"),
        ("https://h/a?b/../c#d?e", "https://h/a"),
        ("https://h/a#b?c", "https://h/a"),
        ("https://h/%7euser/%2d%2E%5f", "https://h/~user/-._"),
        ("https://h/%2f%3a%c3%a9", "https://h/%2F%3A%C3%A9"),
        ("https://h/%2541", "https://h/%2541"),
        ("https://h/a/./b/../c", "https://h/a/c"),
        ("https://h/a/%2E%2e/b", "https://h/b"),
        ("https://h/../../a", "https://h/a"),
        ("https://h/a/..", "https://h/"),
        ("https://h/a/b/..", "https://h/a/"),
        ("https://h/a/.", "https://h/a/"),
        ("https://h/.", "https://h/"),
        ("https://h/..", "https://h/"),
        ("https://h//..", "https://h/"),
        ("https://h/.a/b./..c/...", "https://h/.a/b./..c/..."),
        ("https://h//a//", "https://h//a//"),
        ("https://h/a/", "https://h/a/"),
        ("https://h/a;p=1/b", "https://h/a;p=1/b"),
        ("https://h/\u00e9", "https://h/%C3%A9"),
        ('https://h/|^{}[]`<>"', "https://h/%7C%5E%7B%7D%5B%5D%60%3C%3E%22"),
        ("https://[::A]:8443/", "https://[::a]:8443/"),
        ("https://192.0.2.1/", "https://192.0.2.1/"),
        ("https://h./", "https://h./"),
    ],
)
def test_the_normal_form(uri: str, normal: str) -> None:
    """I7: case of path, `%2F`, `;params`, `//` and a last slash count."""
    assert normal_target_uri(uri) == normal
    assert normal_target_uri(normal) == normal


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/a",
        "h/a",
        "//h/a",
        "https:/h/a",
        "https:///a",
        "https:h",
        "ftp://h/a",
        "wss://h/a",
        "ws://h/a",
        "httpss://h/a",
        "javascript://h/a",
        " https://h/a",
        "https://h/a ",
        "https://h/a b",
        "https://h/a\tb",
        "https://h/a\nb",
        "https://h/a\n",
        "https://h/a\x00",
        "https://h/\x7f",
        "https://h/?a\nb",
        "https://h/#\x00",
        "https://user@h/",
        "https://user:password@h/",
        "https://h@evil.example/",
        "https://@h/",
        "https://h\\@evil.example/",
        "https://h\\a",
        "https://h/a\\b",
        "https://h\u00e9/",
        "https://\uff48/",
        "https://h%2eexample/",
        "https://h/%",
        "https://h/%4",
        "https://h/%zz",
        "https://h/%%34%31",
        "https://h/\ud800",
        "https://h:65536/",
        "https://h:000443/",
        "https://h:a/",
        "https://h:-1/",
        "https://h:443:443/",
        "https://[::1/",
        "https://[::g]/",
        "https://[1.2.3.4]/",
        "https://[fe80::1%25eth0]/",
        "https://a b/",
    ],
)
def test_a_uri_that_two_readers_could_read_differently_has_no_normal_form(uri: str) -> None:
    """I7: userinfo, other schemes, control bytes, non-ASCII hosts refused."""
    with pytest.raises(TargetURIError):
        normal_target_uri(uri)


def test_a_path_that_is_not_absolute_has_no_normal_form() -> None:
    """I8"""
    with pytest.raises(TargetURIError):
        normal_path("*")


@pytest.mark.parametrize(
    ("origin", "path", "target"),
    [
        ("https://api.example.com", b"/messages", "https://api.example.com/messages"),
        ("https://api.example.com/", b"/", "https://api.example.com/"),
        ("HTTPS://API.example.com:443", b"/a?b", "https://api.example.com/a"),
        ("https://example.com/api/v1/", b"/a/../b", "https://example.com/api/v1/b"),
        ("http://127.0.0.1:8000", b"/%7e", "http://127.0.0.1:8000/~"),
        ("https://h", b"/\xc3\xa9", "https://h/%C3%A9"),
        ("https://h", b"/\xe9|", "https://h/%E9%7C"),
        ("https://h", b"//evil.example/", "https://h//evil.example/"),
        ("https://h/api", b"", "https://h/api"),
        ("https://h", b"", "https://h/"),
    ],
)
def test_the_target_of_a_request_is_its_path_at_the_public_origin(
    origin: str, path: bytes, target: str
) -> None:
    """I8: an origin is normalised by the rules of I7."""
    assert PublicOrigin(origin).target(path) == target


@pytest.mark.parametrize("path", [b"/" + b"%41" * 1400, b"/" + b"<" * 65_000, b"/" + b"a" * 4096])
def test_a_path_that_no_proof_has_room_for_has_no_target(path: bytes) -> None:
    """W1: to escape 64 KiB of it, for each origin, would cost a thousand good tokens."""
    with pytest.raises(TargetURIError, match="too long"):
        PublicOrigin("https://h").target(path)
    with pytest.raises(TargetURIError, match="too long"):
        normal_path(path.decode())
    assert PublicOrigin("https://h").target(b"/" + b"%7e" * 1365) == "https://h/" + "~" * 1365


@pytest.mark.parametrize("path", [b"*", b"http://h/a", b"a", b"/a b", b"/%", b"/\x00"])
def test_a_request_without_a_path_has_no_target(path: bytes) -> None:
    """I8: absolute forms of request targets name a host of the client's choice."""
    with pytest.raises(TargetURIError):
        PublicOrigin("https://h").target(path)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "api.example.com",
        "https://",
        "wss://h",
        "https://h?a",
        "https://h#a",
        "https://u@h",
        None,
        b"https://h",
        1,
    ],
)
def test_an_origin_is_an_address(origin: str) -> None:
    """I8: DPoP without an origin is a ConfigurationError; A11."""
    with pytest.raises(ConfigurationError, match="Write for example public_origin="):
        PublicOrigin(origin)


PIECES = [*"aZ0.~-_!;=:@+&", *["%2e", "%2E", "%7e", "%2f", "%2F", "%41", "%c3%A9", "é", "|"]]
SEGMENTS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join) | st.sampled_from(
    [".", "..", "", "%2e%2E", "%2e."]
)
URIS = st.builds(
    lambda scheme, host, port, segments, tail: (
        f"{scheme}://{host}{port}{''.join(f'/{s}' for s in segments)}{tail}"
    ),
    st.sampled_from(["http", "https", "HTTPS", "Http"]),
    st.sampled_from(["h", "API.Example.com", "a-b.c", "192.0.2.1", "h."]),
    st.sampled_from(["", ":80", ":443", ":8443", ":0443", ":00080"]),
    st.lists(SEGMENTS, max_size=5),
    st.sampled_from(["", "?q=/../a", "#f", "?a#b"]),
)


@examples(300)
@given(uri=URIS)
def test_it_is_idempotent(uri: str) -> None:
    """I7"""
    normal = normal_target_uri(uri)
    assert normal_target_uri(normal) == normal


@examples(300)
@given(uri=st.text() | st.text(st.sampled_from("htps:/[]@.%2e\\?#\u00e9 ")))
def test_any_text_has_one_normal_form_or_none(uri: str) -> None:
    """I7, A8"""
    try:
        normal = normal_target_uri(uri)
    except TargetURIError:
        return
    assert normal_target_uri(normal) == normal


@examples(300)
@given(uri=URIS)
def test_hyperlink_normalises_alike(uri: str) -> None:
    """I7: against an independent normaliser, which takes an escaped dot for no dot."""
    hyperlink = pytest.importorskip("hyperlink", reason="hyperlink is in the group `frameworks`")
    url = hyperlink.URL.from_text(re.sub("%2e", ".", uri, flags=re.IGNORECASE)).to_uri()
    other = url.replace(query=(), fragment="").normalize().to_text()
    assert normal_target_uri(uri) == other


def by_yarl(uri: str) -> tuple[object, ...]:
    yarl = pytest.importorskip("yarl", reason="yarl is in the group `frameworks`")
    url = yarl.URL(uri)
    return url.scheme, url.host, url.port, url.raw_path or "/"


@examples(300)
@given(uri=URIS)
def test_yarl_takes_a_uri_and_its_normal_form_for_the_same(uri: str) -> None:
    """I7: against an independent normaliser, which makes fewer differences."""
    assert by_yarl(normal_target_uri(uri)) == by_yarl(uri)


@examples(300)
@given(one=URIS, other=URIS)
def test_no_two_resources_are_confused(one: str, other: str) -> None:
    """I7: what is equal here is equal to yarl."""
    if normal_target_uri(one) == normal_target_uri(other):
        assert by_yarl(one) == by_yarl(other)
