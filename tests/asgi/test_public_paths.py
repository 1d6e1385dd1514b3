"""Which paths are public: exactly or by segments, and none that two readers could read apart."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from asgi_jwks.asgi.public_paths import LONGEST_PATH, PublicPaths
from asgi_jwks.errors import ConfigurationError

PUBLIC = ("/health", "/docs/", "/static/*", "/a/b/*", "/pages/*/")


def match(
    path: str, *, raw: bytes | None = None, root: str = "", paths: PublicPaths | None = None
) -> bool:
    scope: dict[str, Any] = {"path": path, "raw_path": raw, "root_path": root}
    return (paths or PublicPaths(PUBLIC)).match(scope)


@pytest.mark.parametrize(
    "path",
    [
        *("/health", "/docs/", "/static/x", "/static/css/a.css", "/static/a..b", "/a/b/c"),
        *("/static/.x", "/pages/x/", "/pages/x/y/"),
    ],
)
def test_what_is_public(path: str) -> None:
    """B11"""
    assert match(path)
    assert match(path, raw=path.encode())


def test_a_path_longer_than_that_of_a_file_is_not_public() -> None:
    """W1: it is searched several times."""
    longest = "/static/" + "a" * (LONGEST_PATH - 8)
    assert match(longest)
    assert match(longest, raw=longest.encode())
    assert not match(longest + "a")
    assert not match("/static/x", raw=b"/static/" + b"%78" * LONGEST_PATH)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "health",
        "/health/",
        "//health",
        "/health/x",
        "/healthz",
        "/HEALTH",
        "/docs",
        "/docs/x",
        "/static",
        "/static/",
        "/staticx/y",
        "/static//x",
        "/static/x//",
        "/static/x//y",
        "/static/x/../",
        "/static/.",
        "/static/..",
        "/static/../x",
        "/static/x/../../y",
        "/static/./x",
        "/static/x\\y",
        "/static/..\\x",
        "/static/x;y",
        "/static/x%2fy",
        "/static/x?y",
        "/static/x#y",
        "/static/x\0y",
        "/a/b",
        "/a/bc/d",
        "/x/static/y",
    ],
)
def test_what_is_not(path: str) -> None:
    """B11"""
    assert not match(path)


@pytest.mark.parametrize("escape", ["%2f", "%2F", "%5c", "%5C", "%2e", "%2E", "%25", "%3b", "%3B"])
def test_escapes_that_some_readers_decode_and_others_do_not(escape: str) -> None:
    """B11"""
    assert not match("/static/x", raw=f"/static/x{escape}".encode())
    assert not match("/health", raw=f"/health{escape}".encode())
    assert not match("/health", raw=f"{escape}health".encode())


def test_escapes_that_everybody_decodes() -> None:
    """B11"""
    assert match("/health", raw=b"/%68ealth")
    assert match("/static/ä b", raw=b"/static/%C3%A4%20b")


@pytest.mark.parametrize(
    ("path", "root", "public"),
    [
        ("/api/health", "/api", True),
        ("/api/static/x", "/api", True),
        ("/health", "/api", True),
        ("/apihealth", "/api", False),
        ("/api", "/api", False),
        ("/api/", "/api", False),
        ("/health", "/health", False),
        ("/api/health", "", False),
        ("/api/api/health", "/api", False),
    ],
)
def test_the_path_is_the_one_below_the_mount_point(path: str, root: str, public: bool) -> None:
    """B11"""
    assert match(path, root=root) is public


@pytest.mark.parametrize(
    ("path", "root"), [("/api/health", "/api"), ("/health", "/api"), ("/health", "/health")]
)
def test_starlette_sees_the_same_path(path: str, root: str) -> None:
    """B11"""

    def health(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    routes = [Route("/health", health), Mount("/x", routes=[Route("/health", health)])]
    client = TestClient(Starlette(routes=routes), root_path=root)
    answered = client.get(path, follow_redirects=False).status_code == 200
    assert match(path, root=root) is answered


def test_missing_keys_of_the_scope_are_optional_in_asgi() -> None:
    paths = PublicPaths(PUBLIC)
    assert paths.match({"path": "/health"})
    assert not paths.match({"path": "/x"})
    assert not paths.match({"path": "/static/*"[:-1]})


@pytest.mark.parametrize("path", ["/health", "/static/*", "/*"])
def test_public_paths_are_true_as_soon_as_there_is_one(path: str) -> None:
    """B11: the middleware does not even ask where there are none."""
    assert PublicPaths([path])
    assert not PublicPaths([])


def test_public_paths_may_come_from_an_iterator() -> None:
    """B11: it is read once."""
    paths = PublicPaths(iter(["/health", "/static/*"]))
    assert paths.match({"path": "/health"}) is True
    assert paths.match({"path": "/static/a"}) is True
    assert paths.match({"path": "/static/a", "raw_path": b"/static%2fa"}) is False


def test_a_name_below_a_public_prefix_may_have_any_character_that_is_read_in_one_way() -> None:
    """B11: only those that two readers could take differently are not public."""
    paths = PublicPaths(["/static/*"])
    refused = {c for c in map(chr, range(128)) if not paths.match({"path": f"/static/a{c}b"})}
    assert refused == set("\\%;?#\0")


def test_everything_and_nothing() -> None:
    """B11"""
    everything = PublicPaths(["/*"])
    assert match("/x", paths=everything)
    assert match("/x/y", paths=everything)
    assert not match("/", paths=everything)
    assert not match("//x", paths=everything)
    assert PublicPaths("/health").match({"path": "/health"})
    assert not match("/h", paths=PublicPaths("/health"))


@pytest.mark.parametrize("path", ["/health, /docs", "/health ", " /health", "/health\n"])
def test_several_paths_in_one_string_are_a_mistake(path: str) -> None:
    """A11: none of them would be public."""
    with pytest.raises(ConfigurationError, match=r"not one path\. Write each as a string"):
        PublicPaths([path])


@pytest.mark.parametrize("path", ["/a%20b", "/a%2Fb", "/a\\b", "/x?y", "/{x}", "/x#y"])
def test_a_path_that_no_application_sees_is_a_mistake(path: str) -> None:
    """A11: servers decode escapes, and take the query away."""
    with pytest.raises(ConfigurationError, match="no path that the application sees"):
        PublicPaths([path])


@pytest.mark.parametrize(
    "path", ["health", "*", "/*/x", "/x*", "/x/**", "//x", "/x//y", "/x//*", "https://x/"]
)
def test_what_is_no_path_is_a_mistake(path: str) -> None:
    """F14"""
    with pytest.raises(ConfigurationError, match="public_paths") as error:
        PublicPaths(["/health", path])
    assert str(error.value) == (
        f'public_paths: {path!r} is not a path. Write "/health" for that path only, or '
        '"/static/*" for everything below "/static/".'
    )


@pytest.mark.parametrize("wrong", [5, [""], ["/health", None]])
def test_what_is_no_list_of_paths_is_a_mistake(wrong: Any) -> None:
    """A11: in a sentence that says what to write."""
    with pytest.raises(ConfigurationError, match=r"^public_paths must be .*=\['/health'\]\.$"):
        PublicPaths(wrong)
