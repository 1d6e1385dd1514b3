"""The tokens of one connection, each verified once."""

from dataclasses import dataclass, field
from typing import Final

from starlette.types import Scope

from asgi_jwks.asgi.authentication import AROUND, AUTHENTICATION, Authentication
from asgi_jwks.asgi.identity import Anonymous, access_token, identify
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["token_of"]

_VERIFIED: Final = "asgi_jwks.verified"
"""The scope key of the tokens that dependencies have verified for this connection."""


@dataclass(slots=True)
class _Verified:
    """The tokens of one connection: the middleware's, and one for each Authentication."""

    auth: object
    tokens: dict[Authentication, AccessToken | None] = field(default_factory=dict)


async def token_of(scope: Scope, authentication: Authentication | None) -> AccessToken | None:
    """The token of a connection; None for an anonymous one.

    Args:
        scope: the connection. Its `auth`, `user` and `claims` are of the token that is verified
            last.
        authentication: the rules to verify by; None takes the token of the middleware.

    Raises:
        RequestError: the connection is refused, for the client's fault.
        TemporarilyUnavailable: it cannot be judged at the moment.
        LookupError: neither rules nor the middleware are there.
    """
    verified = _verified_in(scope, authentication)
    if authentication is None:
        # Not a token that another dependency has put on the scope since.
        is_anonymous = isinstance(verified.auth, Anonymous)
        return None if is_anonymous else access_token({"auth": verified.auth})
    if authentication not in verified.tokens:
        token = await authentication.authenticate(scope)
        verified.tokens[authentication] = token
        if scope["type"] == "websocket":
            authentication.conceal_tokens(scope)
        if token is not None:
            scope[AUTHENTICATION] = authentication
            identify(scope, token)
    return verified.tokens[authentication]


def _verified_in(scope: Scope, authentication: Authentication | None) -> _Verified:
    verified: _Verified | None = scope.get(_VERIFIED)
    if verified is None:
        verified = scope[_VERIFIED] = _Verified(scope.get("auth"))
        scope[AROUND] = scope.get(AUTHENTICATION)
        if scope[AROUND] is None and authentication is not None:
            # Nothing that was on the scope before can be mistaken for a verified token.
            verified.auth = None
            scope[AUTHENTICATION] = authentication
            identify(scope, None)
    return verified
