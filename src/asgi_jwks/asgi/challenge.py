"""From an error to an HTTP answer: status, WWW-Authenticate, body. Correct by construction.

The form of challenges is RFC 6750, section 3. Its words are those of `refusal_content`.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

from asgi_jwks.asgi.refusal_content import UNAVAILABLE, ErrorBody, RefusalBodies, content_of
from asgi_jwks.asgi.schemes import ONLY_BEARER, Schemes
from asgi_jwks.errors import (
    ConfigurationError,
    InsufficientScope,
    InsufficientUserAuthentication,
    NonceRequired,
    Reason,
    RequestError,
    TemporarilyUnavailable,
    TooManyProofs,
)

__all__ = ["Challenges", "Refusal"]

# RFC 6750, section 3: the characters of a value. Quotes and backslashes are not among them, so that
# nothing ever needs escaping.
_VALUE: Final = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")

_BAD_REQUEST: Final = 400

# Far more rules and routes than an application has; some 1 KB each.
MOST_PREPARED: Final = 4096

# The rule, the error code, the scopes that are named, and the URL of the metadata.
_Kind = tuple[Reason, str | None, str, tuple[str, ...], str | None]


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
        schemes: the schemes that tokens are accepted by.
        error_body: words the body; status and header fields are not its to choose. It is called
            once for each kind of refusal and what it names, and not for each request.

    Raises:
        ConfigurationError: a value cannot stand in a challenge, or `error_body` fails.
    """

    def __init__(
        self,
        *,
        realm: str = "api",
        resource_metadata: str | None = None,
        error_body: ErrorBody | None = None,
        schemes: Schemes = ONLY_BEARER,
    ) -> None:
        self._schemes: Final = schemes
        self._parameters: Final = [("realm", realm)]
        if resource_metadata is not None:
            self._parameters.append(("resource_metadata", resource_metadata))
        for name, value in self._parameters:
            if not isinstance(value, str) or not _VALUE.fullmatch(value):
                raise ConfigurationError(
                    f"{name} must be printable ASCII without quotes and backslashes; got {value!r}."
                )
        self._bodies: Final = RefusalBodies(error_body)
        # The scopes of an error that the application raises vary: everything else is built once.
        self._prepared: dict[_Kind, Refusal] = {}

    def refusal(
        self,
        error: RequestError | TemporarilyUnavailable,
        *,
        resource_metadata: str | None = None,
    ) -> Refusal:
        """The answer to a request that was refused for `error`.

        Args:
            error: why; the scopes that it has are named.
            resource_metadata: the URL of the metadata of the resource that was asked for.
        """
        if isinstance(error, TemporarilyUnavailable):
            return self._unavailable(error)
        if isinstance(error, InsufficientScope | InsufficientUserAuthentication):
            return self._build(error, resource_metadata)
        key = (error.reason, error.error, error.scheme, error.scopes, resource_metadata)
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = self._build(error, resource_metadata)
            # Requirement H4: an application may make scopes of what a stranger sends.
            if len(self._prepared) < MOST_PREPARED:
                self._prepared[key] = prepared
        if isinstance(error, NonceRequired):
            # RFC 9449, section 9.
            return _with_field(prepared, b"dpop-nonce", error.nonce)
        if isinstance(error, TooManyProofs):
            return _with_field(prepared, b"retry-after", _seconds(error.retry_after))
        return prepared

    def _build(self, error: RequestError, resource_metadata: str | None) -> Refusal:
        content = content_of(error)
        common = list(self._parameters)
        # RFC 9728, section 5.1, is about credentials: a malformed request needs no other ones.
        if resource_metadata is not None and error.status != _BAD_REQUEST:
            common.append(("resource_metadata", resource_metadata))
        parameters: list[tuple[str, str]] = []
        # RFC 6750, section 3.1: no error where the request had no token.
        if error.error is not None:
            parameters += [("error", error.error), ("error_description", content.description)]
        # RFC 9470, section 3.
        if content.acr_values:
            parameters.append(("acr_values", " ".join(content.acr_values)))
        if content.max_age is not None:
            parameters.append(("max_age", str(content.max_age)))
        if content.scopes:
            parameters.append(("scope", " ".join(content.scopes)))
        body = self._bodies.body(content)
        # RFC 6585, section 4: too many requests are answered without a challenge.
        fields = (
            ()
            if isinstance(error, TooManyProofs)
            else self._schemes.fields(error.status, error.scheme, common, parameters)
        )
        return Refusal(error.status, (*_content_headers(body), *fields), body)

    def _unavailable(self, error: TemporarilyUnavailable) -> Refusal:
        """503, with no word about the token.

        A client would throw a good one away after a 401.
        """
        body = self._bodies.body(UNAVAILABLE)
        refusal = Refusal(503, _content_headers(body), body)
        return _with_field(refusal, b"retry-after", _seconds(error.retry_after))


def _with_field(refusal: Refusal, name: bytes, value: str) -> Refusal:
    return Refusal(refusal.status, (*refusal.headers, (name, value.encode("ascii"))), refusal.body)


def _seconds(duration: float) -> str:
    return str(math.ceil(duration))


def _content_headers(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    )
