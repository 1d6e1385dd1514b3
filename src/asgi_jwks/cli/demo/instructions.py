"""The lines to paste: an app's protection, and requests to the demo that serves.

It prints nothing; the report does. Every line runs as it stands, which the tests show.
"""

from collections.abc import Iterator

from asgi_jwks.testing import MockIssuer

__all__ = ["curl_commands", "environment", "middleware"]


def middleware(*, issuer: str, audience: str) -> tuple[str, ...]:
    """The lines of Python that protect an ASGI app, for the end of its module."""
    return (
        "from asgi_jwks import JWTBearerMiddleware",
        "",
        "app = JWTBearerMiddleware(",
        f'    app, issuer="{issuer}",',
        f'    audience="{audience}",',
        ")",
    )


def environment(*, issuer: str, audience: str) -> tuple[str, ...]:
    """The variables that `settings_from_env()` reads, as lines for a shell."""
    return (
        f"export ASGI_JWKS_ISSUER={issuer}",
        f"export ASGI_JWKS_AUDIENCE={audience}",
    )


def curl_commands(issuer: MockIssuer, *, api: str) -> Iterator[tuple[str, str]]:
    """Requests to the API at `api` and the issuer, each with a comment."""

    def get(path: str, token: str) -> str:
        return f"curl -i -H 'Authorization: Bearer {token}' {api}{path}"

    yield "200: a token for an hour", get("/me", issuer.access_token(lifetime=3600))
    yield (
        "200: with the scope that /messages needs",
        get("/messages", issuer.access_token(scopes="read:messages", lifetime=3600)),
    )
    yield "403: without that scope", get("/messages", issuer.access_token(lifetime=3600))
    yield "401: expired", get("/me", issuer.access_token(lifetime=-60))
    yield "401: no token", f"curl -i {api}/me"
    yield (
        "the issuer gives alice an access token and a refresh token",
        f"curl -d grant_type=password -d username=alice -d password=wonderland "
        f"{issuer.url}oauth/token",
    )
    yield "the issuer's keys", f"curl {issuer.jwks_uri}"
