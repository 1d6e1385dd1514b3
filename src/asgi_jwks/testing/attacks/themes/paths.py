"""Attacks by the path: requests without a token for paths that look public.

/health and /static/ stand for the paths that an application leaves open.
"""

from asgi_jwks.testing.attacks.attack import REFUSED, Attack, Attempt, Target

__all__ = ["ATTACKS"]

# A router may also send the client to the path that it knows, with or without a slash.
_NOT_SERVED = REFUSED | {307, 308}


def _path(name: str, summary: str, path: str, raw_path: str | None = None) -> Attack:
    """A request for this path; PATH in it is the target's."""

    def build(target: Target) -> Attempt:
        wanted = path.replace("PATH", target.path)
        raw = wanted if raw_path is None else raw_path.replace("PATH", target.path)
        return Attempt(path=wanted, raw_path=raw.encode())

    return Attack(name, summary, ("B11",), "missing_token", build, _NOT_SERVED)


ATTACKS = (
    _path("path_with_two_slashes", "a second slash at the beginning", "//health"),
    _path("path_with_a_slash_at_the_end", "a slash at the end", "/health/"),
    _path("path_below_a_public_one", "a path below one that is public", "/health/PATH"),
    _path("path_in_another_case", "another case", "/HEALTH"),
    _path("path_with_a_longer_name", "a name that begins like a public one", "/healthz"),
    _path("path_with_a_longer_prefix", "a name that begins like a prefix", "/static-private/x"),
    _path("path_with_dot_segments", "up and out of a public prefix", "/static/..PATH"),
    _path("path_with_a_dot_segment", "a single dot below a public prefix", "/static/./x"),
    _path("path_with_encoded_dots", "encoded dot segments", "/static/..PATH", "/static/%2e%2ePATH"),
    _path(
        "path_with_encoded_slashes",
        "encoded slashes",
        "/static/../x",
        "/static%2F..%2Fx",
    ),
    _path("path_with_encoded_slash_in_a_name", "one encoded slash", "/static/a/b", "/static/a%2Fb"),
    _path(
        "path_encoded_twice",
        "dot segments, encoded twice",
        "/static/%2e%2ePATH",
        "/static/%252e%252ePATH",
    ),
    _path("path_with_backslashes", "backslashes", "/static/..\\..PATH"),
    _path("path_with_a_parameter", "a path parameter, as Java servers cut off", "/static/..;PATH"),
    _path("path_with_nul", "a NUL, where C stops reading", "/static/x\0PATH", "/static/x%00PATH"),
    _path("path_with_an_encoded_question_mark", "an encoded query", "/static/x?y", "/static/x%3Fy"),
    _path("path_of_the_prefix_alone", "a public prefix without anything below it", "/static/"),
    Attack(
        "path_in_another_field",
        "a field that makes some frameworks see another path",
        ("B11",),
        "missing_token",
        lambda _: Attempt(((b"x-original-url", b"/health"), (b"x-rewrite-url", b"/health"))),
    ),
)
