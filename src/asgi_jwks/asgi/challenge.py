"""From an error to an HTTP answer: status, WWW-Authenticate, body. Correct by construction.

What lives only here: the form of RFC 6750 challenges (section 3) and of the body that goes with
them. What it does not know: why a request was refused, and how the answer is sent. Every text is
fixed: no byte of a token, of a key set or of an exception can get into an answer.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from asgi_jwks.errors import (
    ConfigurationError,
    InsufficientScope,
    KeySetError,
    Reason,
    RequestError,
)

__all__ = ["CHALLENGES", "Challenges", "Refusal"]

Headers = list[tuple[bytes, bytes]]

# RFC 6750, section 3: what values may consist of. Quotes and backslashes are not among it, so
# that nothing ever needs escaping.
_VALUE: Final = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")
# RFC 6749, section 3.3: a scope token has no space in it either.
_SCOPE_TOKEN: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")

CHALLENGES: Final = "asgi_jwks.challenges"
"""The scope key of the middleware's Challenges, for refusals that an endpoint makes."""

UNAVAILABLE: Final = "The keys of the access token's issuer cannot be had at the moment"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to a refused request; `headers` and `body` fit each other."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Challenges:
    """Builds the refusals of one resource server.

    Args:
        realm: the protection space (RFC 9110, section 11.5).
        resource_metadata: URL of this server's metadata (RFC 9728, section 5.1), for clients that
            discover where to get a token, such as those of MCP servers.

    Raises:
        ConfigurationError: a value cannot stand in a challenge.
    """

    def __init__(self, *, realm: str = "api", resource_metadata: str | None = None) -> None:
        self._parameters: Final = [("realm", realm)]
        if resource_metadata is not None:
            self._parameters.append(("resource_metadata", resource_metadata))
        for name, value in self._parameters:
            if not _VALUE.fullmatch(value):
                raise ConfigurationError(
                    f"{name} must be printable ASCII without quotes and backslashes; got {value!r}."
                )
        # Only scopes vary, and those are the application's: everything else is built once.
        self._prepared: dict[tuple[Reason, str | None], Refusal] = {}

    def refusal(self, error: RequestError) -> Refusal:
        """The answer to a request that was refused for `error`."""
        if isinstance(error, InsufficientScope):
            return self._build(error.status, error.error, error.reason, error.scopes)
        key = (error.reason, error.error)
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = self._build(error.status, error.error, error.reason)
            self._prepared[key] = prepared
        return prepared

    def unavailable(self, error: KeySetError) -> Refusal:
        """The answer while the keys cannot be had: 503, with no word about the token.

        A client that got a 401 would throw a good token away (RFC 9110, section 15.6.4).
        """
        body = _body("temporarily_unavailable", UNAVAILABLE)
        seconds = str(math.ceil(error.retry_after)).encode()
        return Refusal(503, (*_content_headers(body), (b"retry-after", seconds)), body)

    def _build(
        self, status: int, code: str | None, reason: Reason, scopes: Iterable[str] = ()
    ) -> Refusal:
        parameters = list(self._parameters)
        # RFC 6750, section 3.1: no error where the request had no token.
        if code is not None:
            parameters += [("error", code), ("error_description", reason.phrase)]
        named = [scope for scope in scopes if _SCOPE_TOKEN.fullmatch(scope)]
        if named:
            parameters.append(("scope", " ".join(named)))
        challenge = "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parameters)
        body = _body(code or reason.value, reason.phrase)
        field = (b"www-authenticate", challenge.encode("ascii"))
        return Refusal(status, (*_content_headers(body), field), body)


def _body(error: str, description: str) -> bytes:
    return json.dumps({"error": error, "error_description": description}).encode("ascii")


def _content_headers(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    )
