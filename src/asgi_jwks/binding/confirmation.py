"""The confirmation claim `cnf` of an access token (RFC 7800)."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from asgi_jwks.errors import InvalidToken, Reason

__all__ = ["UNBOUND", "Confirmation", "read_confirmation"]

# SHA-256 in canonical base64url: 43 characters, of which the last carries 4 bits.
_SHA256: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


class Confirmation(NamedTuple):
    """The keys that a token is bound to.

    With both, both have to be proven (RFC 7800, section 3.1).
    """

    jkt: str | None
    """The thumbprint of the key that signs DPoP proofs (RFC 9449, section 6.1)."""
    certificate: str | None
    """The thumbprint of the client's certificate, `x5t#S256` (RFC 8705, section 3.1)."""


UNBOUND: Final = Confirmation(None, None)


def read_confirmation(claims: Mapping[str, Any]) -> Confirmation:
    """The keys that the claims bind their token to; UNBOUND for a token without `cnf`.

    Members that are not understood are ignored beside one that is (RFC 7800, section 3.1).

    Raises:
        InvalidToken: sender_constrained if none of the members is understood, invalid_claim if one
            is malformed.
    """
    if "cnf" not in claims:
        return UNBOUND
    cnf = claims["cnf"]
    if not isinstance(cnf, Mapping):
        raise InvalidToken(Reason.INVALID_CLAIM, "cnf is not an object")
    confirmation = Confirmation(_thumbprint(cnf, "jkt"), _thumbprint(cnf, "x5t#S256"))
    if confirmation == UNBOUND:
        raise InvalidToken(Reason.SENDER_CONSTRAINED, "cnf has no jkt and no x5t#S256")
    return confirmation


def _thumbprint(cnf: Mapping[str, Any], name: str) -> str | None:
    if name not in cnf:
        return None
    value = cnf[name]
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise InvalidToken(Reason.INVALID_CLAIM, f"cnf.{name} is not a SHA-256 thumbprint")
    return value
