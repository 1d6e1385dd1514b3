"""From an error to an HTTP answer: status, WWW-Authenticate, body. Correct by construction.

The form of challenges is RFC 6750, section 3. Every text is fixed: no byte of a token, of a key set
or of an exception can get into an answer.
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
    Reason,
    RequestError,
    TemporarilyUnavailable,
)

__all__ = ["UNAVAILABLE", "Challenges", "Refusal"]

Headers = list[tuple[bytes, bytes]]

# RFC 6750, section 3: the characters of a value. Quotes and backslashes are not among them, so that
# nothing ever needs escaping.
_VALUE: Final = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")
# RFC 6749, section 3.3: a scope token has no space in it either.
_SCOPE_TOKEN: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")

UNAVAILABLE: Final = "The access token cannot be verified at the moment; try again later"


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
            if not isinstance(value, str) or not _VALUE.fullmatch(value):
                raise ConfigurationError(
                    f"{name} must be printable ASCII without quotes and backslashes; got {value!r}."
                )
        # Only scopes vary, and those are the application's: everything else is built once.
        self._prepared: dict[tuple[Reason, str | None], Refusal] = {}

    def refusal(self, error: RequestError | TemporarilyUnavailable) -> Refusal:
        """The answer to a request that was refused for `error`."""
        if isinstance(error, TemporarilyUnavailable):
            return _unavailable(error)
        if isinstance(error, InsufficientScope):
            return self._build(error.status, error.error, error.reason, error.scopes)
        key = (error.reason, error.error)
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = self._build(error.status, error.error, error.reason)
            self._prepared[key] = prepared
        return prepared

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


def _unavailable(error: TemporarilyUnavailable) -> Refusal:
    """503, with no word about the token: a client would throw a good one away after a 401."""
    body = _body("temporarily_unavailable", UNAVAILABLE)
    seconds = str(math.ceil(error.retry_after)).encode()
    return Refusal(503, (*_content_headers(body), (b"retry-after", seconds)), body)


def _body(error: str, description: str) -> bytes:
    return json.dumps({"error": error, "error_description": description}).encode("ascii")


def _content_headers(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    )
