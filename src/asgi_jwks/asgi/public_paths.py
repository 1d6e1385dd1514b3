"""Public paths: those that need no token, exactly or by whole segments.

It does not know what is done with a public request. Wherever two readers of a path could differ, it
is not public.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from asgi_jwks._options import require_names
from asgi_jwks.errors import ConfigurationError

__all__ = ["LONGEST_PATH", "PublicPaths", "route_path"]

# Requirement W1: servers allow paths of 64 KiB and more, file systems of 4 KiB (PATH_MAX of Linux).
LONGEST_PATH: Final = 4096

# Encoded forms of / \ . % ; whoever decodes once more, or once less, would see another path.
_AMBIGUOUS_ESCAPES: Final = (b"%2f", b"%5c", b"%2e", b"%25", b"%3b")
_AMBIGUOUS_CHARACTERS: Final = "\\%;?#\0"
# Of queries, fragments, the parameters of routes, and escapes, which a server decodes.
_NEVER_IN_PATHS: Final = "?#{}<>%\\"
# What ends a path of which all below is meant.
_PATTERN: Final = re.compile(r"/\*/?\Z")
# Segments that are empty, `.` and `..`.
_AMBIGUOUS_SEGMENTS: Final = ("//", "/./", "/../")


class PublicPaths:
    """A set of paths: "/health" is that path only, "/static/*" everything below "/static/".

    A slash at the end makes another path: "/admin/*/" is everything below that ends with one.

    Raises:
        ConfigurationError: a path does not begin with a slash, or has a star elsewhere.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        given = require_names("public_paths", paths, example="/health")
        for path in given:
            if any(character in path for character in _NEVER_IN_PATHS):
                raise ConfigurationError(
                    f"public_paths: no path that the application sees is {path!r}: it has neither "
                    "a query nor parameters, and escapes are decoded. Write "
                    '"/static/*" for everything below "/static/".'
                )
            if path != path.strip() or ", " in path:
                raise ConfigurationError(
                    f"public_paths: {path!r} is not one path. Write each as a string of its own, "
                    'such as public_paths=["/health", "/static/*"].'
                )
            if not path.startswith("/") or "*" in _PATTERN.sub("", path) or "//" in path:
                raise ConfigurationError(
                    f'public_paths: {path!r} is not a path. Write "/health" for that path only, or '
                    '"/static/*" for everything below "/static/".'
                )
        self._exact: Final = frozenset(path for path in given if "*" not in path)
        # What stands before the star, and after it.
        self._patterns: Final = tuple(tuple(path.split("*")) for path in given if "*" in path)

    def __bool__(self) -> bool:
        return bool(self._exact or self._patterns)

    def match(self, scope: Mapping[str, Any]) -> bool:
        """Whether the path that the application will route by is public."""
        raw = scope.get("raw_path") or b""
        if max(len(raw), len(scope["path"])) > LONGEST_PATH:
            return False
        if b"%" in raw:
            raw = raw.lower()
            if any(escape in raw for escape in _AMBIGUOUS_ESCAPES):
                return False
        path = route_path(scope)
        if path in self._exact:
            return True
        return any(
            path.startswith(prefix)
            and path.endswith(end)
            and _is_plain(path[len(prefix) :].removesuffix(end))
            for prefix, end in self._patterns
        )


def _is_plain(below: str) -> bool:
    """Whether a path below a prefix has segments that everybody reads alike."""
    segments = f"/{below}/"
    return not (
        any(character in segments for character in _AMBIGUOUS_CHARACTERS)
        or any(segment in segments for segment in _AMBIGUOUS_SEGMENTS)
    )


def route_path(scope: Mapping[str, Any]) -> str:
    """The path below the mount point: ASGI's `path` includes `root_path`."""
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    # A path that is the mount point itself is "" to the application, which nothing public is.
    return path[len(root) :] if root and f"{path}/".startswith(f"{root}/") else path
