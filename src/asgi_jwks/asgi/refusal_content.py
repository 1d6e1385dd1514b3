"""The content of a refusal, and the body that says it in JSON.

Every text is fixed: no byte of a token, of a key set or of an exception can get into an answer. It
does not know header fields.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asgi_jwks._options import require_callable
from asgi_jwks.errors import (
    ConfigurationError,
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidToken,
    MissingToken,
    Reason,
    RequestError,
)

__all__ = [
    "UNAVAILABLE",
    "ErrorBody",
    "RefusalBodies",
    "RefusalContent",
    "content_of",
]

_log: Final = logging.getLogger("asgi_jwks.requests")

# RFC 6749, section 3.3: a scope token has no space in it either.
_SCOPE_TOKEN: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalContent:
    """The content of a refusal, for bodies in a form of the application's own.

    Attributes:
        status: the HTTP status.
        error: the error code, such as "invalid_token", "missing_token" or
            "temporarily_unavailable".
        description: a fixed sentence for people.
        reason: the rule that was broken; None for 503.
        scopes: the scopes that are needed, as far as they are known.
        acr_values: the authentication contexts of which one is needed (RFC 9470).
        max_age: how many seconds ago the login may be.
    """

    status: int
    error: str
    description: str
    reason: Reason | None = None
    scopes: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None


ErrorBody = Callable[[RefusalContent], Mapping[str, Any]]
"""`error_body(content)`: the JSON object that is the body of a refusal."""

UNAVAILABLE: Final = RefusalContent(
    status=503,
    error="temporarily_unavailable",
    description="The access token cannot be verified at the moment; try again later",
)


class RefusalBodies:
    """The bodies of refusals, in the form of this package or of the application's own.

    Args:
        error_body: words them; None for `error` and `error_description`.

    Raises:
        ConfigurationError: `error_body` fails for some content.
    """

    def __init__(self, error_body: ErrorBody | None = None) -> None:
        self._error_body: Final = error_body
        if error_body is not None:
            require_callable("error_body", error_body, form="error_body(content)")
            _try_out(error_body)

    def body(self, content: RefusalContent) -> bytes:
        """The JSON object of a refusal."""
        if self._error_body is not None:
            try:
                return _object(self._error_body(content))
            # It worked at construction; a refusal must not become a 500, nor the request pass.
            except Exception:
                _log.exception("error_body failed")
        return _object({"error": content.error, "error_description": content.description})


def content_of(error: RequestError) -> RefusalContent:
    """The content of the refusal that answers an error."""
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None
    if isinstance(error, InsufficientUserAuthentication):
        acr_values = _words(error.acr_values)
        # Applications raise it too, and nothing but a number may stand there.
        max_age = error.max_age if type(error.max_age) is int else None
    return RefusalContent(
        status=error.status,
        error=error.error or error.reason.value,
        description=error.reason.phrase,
        reason=error.reason,
        scopes=_words(error.scopes),
        acr_values=acr_values,
        max_age=max_age,
    )


def _words(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that can stand in a list that is separated by spaces."""
    return tuple(name for name in names if _SCOPE_TOKEN.fullmatch(name))


def _try_out(error_body: ErrorBody) -> None:
    errors = (
        MissingToken(),
        InvalidToken(Reason.EXPIRED),
        InsufficientUserAuthentication(acr_values=("mfa",), max_age=300),
        InsufficientScope("read"),
    )
    for content in (*map(content_of, errors), UNAVAILABLE):
        try:
            _object(error_body(content))
        except Exception as fault:
            raise ConfigurationError(
                "error_body must return a JSON object for every RefusalContent; for "
                f"{content.error} it raised {fault!r}. Write for example "
                'error_body=lambda content: {"message": content.description}.'
            ) from fault


def _object(body: Mapping[str, Any]) -> bytes:
    if not isinstance(body, Mapping):
        raise TypeError(f"{body!r} is not a mapping")
    return json.dumps(dict(body), allow_nan=False).encode("ascii")
