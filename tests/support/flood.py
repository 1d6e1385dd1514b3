"""A flood of requests, each with a key id, an issuer, an algorithm and a path of its own."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from asgi_jwks.asgi.types import ASGIApp

__all__ = ["flood"]

SIGNATURE = "A" * 342


async def flood(app: ASGIApp, first: int, last: int) -> None:
    """Send the requests of these numbers, all of them to be refused, one after another."""
    for number in range(first, last):
        claims = {"iss": f"https://{number}.example/", "exp": 2e9, "aud": f"aud-{number}"}
        token = (
            _signed({"alg": "RS256", "kid": f"kid-{number}"}, claims),
            _signed({"alg": f"alg-{number}", "kid": "k"}, claims),
            _signed({"alg": "RS256", "kid": "k", "typ": f"typ-{number}"}, claims),
            f"opaque-{number}",
            f"{number}.{number}.{number}",
        )[number % 5]
        fields = [(b"authorization", f"Bearer {token}".encode())]
        scope = {"type": "http", "method": "GET", "path": f"/{number}", "headers": fields}
        await app(scope, _nothing_comes, _drop)


def _signed(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    return f"{_segment(header)}.{_segment(claims)}.{SIGNATURE}"


def _segment(value: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def _nothing_comes() -> Any:
    raise AssertionError


async def _drop(message: Any) -> None: ...
