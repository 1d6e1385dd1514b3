"""The tokens of the mock issuer, shaped like those of real providers.

Each kind of token has its claims and its header here, and a test may bend them. It does not know
HTTP, users or refresh flows.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from asgi_jwks.testing.provider.claims import (
    DEFAULT_CLIENT_ID,
    DEFAULT_SCOPES,
    DEFAULT_SUBJECT,
    Audience,
    Names,
    authority,
    listed,
    names,
)
from asgi_jwks.testing.provider.imitation import Imitation
from asgi_jwks.testing.provider.rotation import PublishedKeys
from asgi_jwks.testing.provider.signing_keys import SigningKey

__all__ = ["TokenMint"]


class TokenMint(PublishedKeys):
    """Mints tokens in the name of one issuer, with its current signing key.

    Options common to all minting methods:

    `lifetime`       seconds from `iat` to `exp`; negative for a token that has expired already
    `issued_at`      `iat` in seconds since the epoch; the issuer's clock unless given
    `key`            the signing key; the current one unless given, published or not
    `headers`        JOSE header parameters to add or to replace
    `without`        names of claims to leave out
    `without_headers`  names of header parameters to leave out
    `**claims`       claims to add or to replace, whatever they are
    """

    def __init__(
        self,
        key: SigningKey,
        *,
        issuer: str,
        audience: Audience,
        access_lifetime: float,
        refresh_lifetime: float,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(key)
        self._issuer = issuer
        self.audience = audience
        self.access_lifetime = access_lifetime
        self.refresh_lifetime = refresh_lifetime
        self.clock = clock
        self._imitated = Imitation()

    @property
    def issuer(self) -> str:
        """The issuer identifier: the `iss` of every token."""
        return self._issuer

    def imitate(
        self,
        *,
        claims: Mapping[str, object],
        headers: Mapping[str, object] | None = None,
        without: Names = (),
    ) -> None:
        """Have access tokens look as those of another provider.

        Args:
            claims: claims that they have besides; what a minting method is given wins.
            headers: JOSE header parameters to add or to replace.
            without: names of claims that they lack.
        """
        self._imitated = Imitation(dict(claims), dict(headers or {}), names(without))

    def mint(
        self,
        claims: Mapping[str, object],
        *,
        lifetime: float,
        issued_at: float | None = None,
        key: SigningKey | None = None,
        headers: Mapping[str, object] | None = None,
        without: Names = (),
        without_headers: Names = (),
    ) -> str:
        """A token of these claims, besides the `iss`, `iat` and `exp` that every token has."""
        key = self.signing_key if key is None else key
        # Whole seconds, as every provider writes them, unless the caller asks for fractions.
        iat = int(self.clock()) if issued_at is None else issued_at
        body = {"iss": self.issuer, "iat": iat, "exp": _whole(iat + lifetime), **claims}
        header = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid, **(headers or {})}
        for name in names(without):
            body.pop(name, None)
        for name in names(without_headers):
            header.pop(name, None)
        return key.sign(header, body)

    def access_token(
        self,
        *,
        scopes: Names = DEFAULT_SCOPES,
        permissions: Iterable[str] | None = None,
        audience: Audience | None = None,
        subject: str = DEFAULT_SUBJECT,
        lifetime: float | None = None,
        issued_at: float | None = None,
        key: SigningKey | None = None,
        headers: Mapping[str, object] | None = None,
        without: Names = (),
        without_headers: Names = (),
        **claims: object,
    ) -> str:
        """A user's access token as an Auth0 tenant issues it.

        `aud` is a list of the API and the issuer's userinfo endpoint, unless `audience` is given:
        then it is exactly that. `permissions` is there when given.
        """
        if audience is None:
            audience = [*listed(self.audience), f"{self.issuer}userinfo"]
        body: dict[str, object] = {"sub": subject, "aud": audience, "azp": DEFAULT_CLIENT_ID}
        return self.mint(
            self._imitated.body(body, authority(scopes, permissions)) | claims,
            lifetime=self.access_lifetime if lifetime is None else lifetime,
            issued_at=issued_at,
            key=key,
            headers={**self._imitated.headers, **(headers or {})},
            without=without,
            without_headers=without_headers,
        )

    # Any: the arguments are those of access_token, whatever claims they bring.
    def auth_headers(self, **token: Any) -> dict[str, str]:
        """The request headers that carry an access token; see `access_token`."""
        return {"Authorization": f"Bearer {self.access_token(**token)}"}

    def client_token(
        self,
        *,
        client_id: str = DEFAULT_CLIENT_ID,
        scopes: Names = (),
        permissions: Iterable[str] | None = None,
        audience: Audience | None = None,
        lifetime: float | None = None,
        issued_at: float | None = None,
        key: SigningKey | None = None,
        headers: Mapping[str, object] | None = None,
        without: Names = (),
        without_headers: Names = (),
        **claims: object,
    ) -> str:
        """An access token of Auth0's client-credentials grant: no user, `gty`, and one `aud`."""
        body: dict[str, object] = {
            "sub": f"{client_id}@clients",
            "aud": self.audience if audience is None else audience,
            "azp": client_id,
            "gty": "client-credentials",
        }
        return self.mint(
            self._imitated.body(body, authority(scopes, permissions)) | claims,
            lifetime=self.access_lifetime if lifetime is None else lifetime,
            issued_at=issued_at,
            key=key,
            headers={**self._imitated.headers, **(headers or {})},
            without=without,
            without_headers=without_headers,
        )

    def rfc9068_token(
        self,
        *,
        client_id: str = DEFAULT_CLIENT_ID,
        scopes: Names = (),
        audience: Audience | None = None,
        subject: str = DEFAULT_SUBJECT,
        lifetime: float | None = None,
        issued_at: float | None = None,
        key: SigningKey | None = None,
        headers: Mapping[str, object] | None = None,
        without: Names = (),
        without_headers: Names = (),
        **claims: object,
    ) -> str:
        """An access token of the RFC 9068 profile: `typ` at+jwt, and every claim it requires."""
        body: dict[str, object] = {
            "sub": subject,
            "aud": self.audience if audience is None else audience,
            "client_id": client_id,
            "jti": secrets.token_urlsafe(16),
        }
        return self.mint(
            body | authority(scopes, None) | claims,
            lifetime=self.access_lifetime if lifetime is None else lifetime,
            issued_at=issued_at,
            key=key,
            headers={"typ": "at+jwt", **(headers or {})},
            without=without,
            without_headers=without_headers,
        )

    def id_token(
        self,
        *,
        client_id: str = DEFAULT_CLIENT_ID,
        subject: str = DEFAULT_SUBJECT,
        access_token: str | None = None,
        lifetime: float | None = None,
        issued_at: float | None = None,
        key: SigningKey | None = None,
        headers: Mapping[str, object] | None = None,
        without: Names = (),
        without_headers: Names = (),
        **claims: object,
    ) -> str:
        """An ID token (OpenID Connect Core, section 2), which is not an access token.

        It is for the client: `aud` is the client id. `at_hash` is that of `access_token` if given
        (section 3.1.3.6).
        """
        body: dict[str, object] = {
            "sub": subject,
            "aud": client_id,
            "nonce": secrets.token_urlsafe(16),
            "name": "Alice",
            "email": "alice@example.com",
        }
        if access_token is not None:
            body["at_hash"] = _left_half(access_token)
        return self.mint(
            body | claims,
            lifetime=self.access_lifetime if lifetime is None else lifetime,
            issued_at=issued_at,
            key=key,
            headers=headers,
            without=without,
            without_headers=without_headers,
        )


def _whole(seconds: float) -> float:
    return int(seconds) if seconds == int(seconds) else seconds


def _left_half(access_token: str) -> str:
    digest = hashlib.sha256(access_token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode("ascii")
