"""The demand that a token is bound to a key (RFC 7800, section 3.1).

Whether a request proves the possession of the key is judged when its token is verified, for every
confirmation that the token has. Here it is only looked at that there is one.
"""

from collections.abc import Mapping
from typing import Final

from asgi_jwks.errors import Advice, InvalidToken, Reason
from asgi_jwks.events.hint import Hint
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.claim_rules import BindingKind

__all__ = ["require_bindings"]

# RFC 9449, section 6.1; RFC 8705, section 3.1.
_MEMBERS: Final[Mapping[BindingKind, str]] = {"dpop": "jkt", "certificate": "x5t#S256"}


def require_bindings(token: AccessToken, bindings: tuple[BindingKind, ...]) -> None:
    """Check that a token is bound to each of these kinds of keys.

    Raises:
        InvalidToken: it is not.
    """
    claims = token.claims if isinstance(token.claims, Mapping) else {}
    confirmation = claims.get("cnf")
    names = confirmation if isinstance(confirmation, Mapping) else {}
    for binding in bindings:
        member = _MEMBERS[binding]
        if not isinstance(names.get(member), str):
            error = InvalidToken(Reason.NOT_BOUND, f"cnf.{member} is missing")
            error.explain(None, lambda _: Advice(Hint.PROOF, _words))
            raise error


def _words() -> str:
    return (
        "the route needs a token that is bound to a key of its client, and this one is not: have "
        "the client ask for it with a DPoP proof (RFC 9449) or by its certificate (RFC 8705), and "
        "the provider bind it."
    )
