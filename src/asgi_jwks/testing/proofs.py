"""The key of a client that signs DPoP proofs (RFC 9449), for tests and demos.

Nothing that it is given is checked, so that a forger can use it too.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Final

from asgi_jwks.testing.compact import segment
from asgi_jwks.testing.provider.signing_keys import SigningKey

__all__ = ["ProofKey", "ath_of"]

# RFC 7638, section 3.2: the members of a key that its thumbprint is made of.
_THUMBPRINT_MEMBERS: Final = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}


def ath_of(token: str) -> str:
    """The hash of an access token, for the claim `ath` (RFC 9449, section 4.2)."""
    return segment(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())


class ProofKey:
    """A client's key for DPoP proofs.

        key = ProofKey()
        token = issuer.access_token(cnf=key.confirmation)
        headers = key.headers("GET", "https://api.example.com/messages", token)

    Args:
        algorithm: ES256, EdDSA, RS256, PS256 or another one of SigningKey.
        clock: seconds since the epoch.
        signing_key: a key to sign with instead of a new one.
    """

    def __init__(
        self,
        algorithm: str = "ES256",
        *,
        clock: Callable[[], float] = time.time,
        signing_key: SigningKey | None = None,
    ) -> None:
        self.signing_key: Final = signing_key or SigningKey.generate(algorithm)
        self.algorithm: Final = self.signing_key.algorithm
        self.clock = clock
        published = self.signing_key.public_jwk()
        self.jwk: Final = {n: v for n, v in published.items() if n not in ("use", "alg", "kid")}
        """The public key, as proofs have it in their header."""

    @property
    def thumbprint(self) -> str:
        """The SHA-256 thumbprint of the key (RFC 7638)."""
        members = _THUMBPRINT_MEMBERS.get(str(self.jwk["kty"]), ("e", "kty", "n"))
        canonical = json.dumps({name: self.jwk[name] for name in members}, separators=(",", ":"))
        return segment(hashlib.sha256(canonical.encode()).digest())

    @property
    def confirmation(self) -> dict[str, str]:
        """The claim `cnf` of a token bound to this key (RFC 9449, section 6.1)."""
        return {"jkt": self.thumbprint}

    def proof(
        self,
        method: str,
        url: str,
        token: str | None = None,
        *,
        nonce: str | None = None,
        headers: Mapping[str, object] | None = None,
        without: tuple[str, ...] = (),
        **claims: object,
    ) -> str:
        """A proof for one request.

        Args:
            method: of the request: `htm`.
            url: of the request: `htu` is that without query and fragment.
            token: the access token that it is for: `ath` is its hash.
            nonce: the server's nonce.
            headers: header members to add or to replace.
            without: names of claims and header members to leave out.
            claims: claims to add or to replace, whatever they are.
        """
        header = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk, **(headers or {})}
        made: dict[str, object] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url.partition("#")[0].partition("?")[0],
            "iat": int(self.clock()),
        }
        if token is not None:
            made["ath"] = ath_of(token)
        if nonce is not None:
            made["nonce"] = nonce
        made |= claims
        return self.signing_key.sign(
            {name: value for name, value in header.items() if name not in without},
            {name: value for name, value in made.items() if name not in without},
        )

    def headers(
        self, method: str, url: str, token: str, *, nonce: str | None = None
    ) -> dict[str, str]:
        """The header fields of a request with a bound token and its proof."""
        proof = self.proof(method, url, token, nonce=nonce)
        return {"Authorization": f"DPoP {token}", "DPoP": proof}
