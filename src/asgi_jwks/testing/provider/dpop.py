"""DPoP proofs at the token endpoint (RFC 9449, sections 4.3 and 5).

This reading is apart from the package's own, so that a mistake in one of them shows.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

import jwt

from asgi_jwks.testing.provider.oauth_endpoint import Refused

__all__ = ["PROOF_ALGORITHMS", "Proofs"]

PROOF_ALGORITHMS = ("ES256", "EdDSA", "RS256", "PS256")

# RFC 9449, section 11.1: seconds or minutes.
_LONGEST_AGE = 60.0
_SKEW = 5.0
_DEFAULT_PORTS = {"https": 443, "http": 80}
# RFC 7518, sections 6.2.2, 6.3.2 and 6.4.
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# RFC 7638, section 3.2, and RFC 8037, section 2.
_MEMBERS = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
}


class Proofs:
    """Reads proofs, each of them once; `clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def thumbprint(
        self, proof: str, *, method: str, urls: Collection[str], nonce: str | None
    ) -> str:
        """The thumbprint of the key that a proof was made with.

        Args:
            proof: the content of the DPoP field.
            method: the method of the request.
            urls: those of the endpoint, without a query.
            nonce: the nonce that the proof must have, if one is demanded.

        Raises:
            Refused: it does not prove this request, or it was used before.
        """
        jwk, claims = _read(proof)
        now, identifier, issued_at = self._clock(), claims.get("jti"), claims.get("iat")
        targets = {_target(url) for url in urls}
        if (claims.get("htm"), _target(claims.get("htu")) in targets) != (method, True):
            raise Refused("invalid_dpop_proof", "the proof is for another request")
        if nonce is not None and claims.get("nonce") != nonce:
            raise Refused("use_dpop_nonce", "the proof needs the nonce of this answer")
        if not isinstance(issued_at, int | float) or not -_LONGEST_AGE <= issued_at - now <= _SKEW:
            raise Refused("invalid_dpop_proof", "the proof is not of the present")
        if not isinstance(identifier, str) or not identifier:
            raise Refused("invalid_dpop_proof", "the proof has no jti")
        with self._lock:
            self._seen = {jti: end for jti, end in self._seen.items() if end > now}
            if identifier in self._seen:
                raise Refused("invalid_dpop_proof", "the proof was used before")
            self._seen[identifier] = now + _LONGEST_AGE + _SKEW
        return _thumbprint(jwk)


def _target(uri: object) -> str | None:
    """A URI without query and fragment, normalised by its scheme and host.

    So it is compared: see RFC 9449, section 4.3, and RFC 3986, sections 6.2.2.1 and 6.2.3.
    """
    try:
        parts = urlsplit(uri if isinstance(uri, str) else "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if host is None:
        return None
    is_default = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}{'' if is_default else f':{port}'}{parts.path or '/'}"


def _read(proof: str) -> tuple[Mapping[str, str], Mapping[str, object]]:
    """The key and the claims of a proof whose signature is right."""
    try:
        header = jwt.get_unverified_header(proof)
        algorithm, jwk = header["alg"], header["jwk"]
        is_public = isinstance(jwk, dict) and _PRIVATE.isdisjoint(jwk)
        if header.get("typ") != "dpop+jwt" or algorithm not in PROOF_ALGORITHMS or not is_public:
            raise Refused("invalid_dpop_proof", "the header is not that of a proof")
        key = jwt.PyJWK(jwk, algorithm=algorithm)
        claims = {**json.loads(jwt.PyJWS().decode(proof, key, algorithms=[algorithm]))}
    except (jwt.PyJWTError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise Refused("invalid_dpop_proof", "the proof is not a JWT of the key in it") from error
    return jwk, claims


def _thumbprint(jwk: Mapping[str, str]) -> str:
    """The SHA-256 thumbprint of a JWK (RFC 7638, section 3)."""
    members = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
