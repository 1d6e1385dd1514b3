"""The JOSE header of an access token.

Its rules are those that hold for every issuer (RFC 7515, RFC 8725). It does not know keys and
claims, nor which algorithms an issuer allows.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.jwk import MAX_KID_LENGTH

__all__ = ["ACCESS_TOKEN_TYPE", "JOSEHeader", "read_header"]

ACCESS_TOKEN_TYPE: Final = "at+jwt"

# RFC 7515, section 4.1.11: no extension is understood here, so no list of critical ones is
# acceptable. RFC 7797's b64 and RFC 7516's zip change the bytes that were signed.
_REFUSED_PARAMETERS: Final = frozenset({"crit", "b64", "zip"})

# PingAM (ForgeRock AM) writes `"zip": "NONE"` into the header of each token: nothing is compressed.
_NOT_COMPRESSED: Final = "NONE"


class JOSEHeader(NamedTuple):
    """The used members of a token's header; `type` is in lower case."""

    algorithm: str
    kid: str | None
    type: str | None


def read_header(header: Mapping[str, Any]) -> JOSEHeader:
    """Apply the header rules that hold for every issuer.

    Members that are not understood are ignored (RFC 7515, section 4): keys and URLs of keys in a
    header are among them, and are never followed or trusted (RFC 8725, section 3.10).

    Raises:
        InvalidToken: unsupported_header, algorithm_not_allowed, wrong_type or malformed.
    """
    if not _REFUSED_PARAMETERS.isdisjoint(header):
        present = sorted(_REFUSED_PARAMETERS.intersection(header))
        if present != ["zip"] or header["zip"] != _NOT_COMPRESSED:
            raise InvalidToken(Reason.UNSUPPORTED_HEADER, f"the header has {', '.join(present)}")
    # RFC 7519, section 5.2: the payload would be another JWT.
    if "cty" in header and _media_type(header["cty"]) == "jwt":
        raise InvalidToken(Reason.UNSUPPORTED_HEADER, "a nested JWT")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        raise InvalidToken(Reason.ALGORITHM_NOT_ALLOWED, "no 'alg' in the header")
    kind = None
    if "typ" in header:
        kind = _media_type(header["typ"])
        if kind is None:
            raise InvalidToken(Reason.WRONG_TYPE, "the header's 'typ' is not a string")
    kid = header.get("kid")
    if "kid" in header and (not isinstance(kid, str) or len(kid) > MAX_KID_LENGTH):
        raise InvalidToken(Reason.MALFORMED, f"'kid' is not a string of up to {MAX_KID_LENGTH}")
    return JOSEHeader(algorithm, kid, kind)


def _media_type(value: object) -> str | None:
    """A `typ` or `cty` for comparison (RFC 7515, section 4.1.9)."""
    return value.lower().removeprefix("application/") if isinstance(value, str) else None
