"""An attack: its name, its request, the rules it tries and its right end.

The form of its request, and the target that it is built for, are here as well.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.compact import Part
from asgi_jwks.testing.proofs import ProofKey
from asgi_jwks.testing.provider.claims import DEFAULT_CLIENT_ID, DEFAULT_SUBJECT
from asgi_jwks.testing.provider.mock_issuer import MockIssuer
from asgi_jwks.testing.provider.signing_keys import SigningKey

__all__ = [
    "REFUSED",
    "Attack",
    "Attempt",
    "Build",
    "Target",
    "bearer",
    "by_claims",
    "by_request",
    "by_token",
    "with_fields",
]

Headers = tuple[tuple[bytes, bytes], ...]

# The answers of a resource server to a request that is not allowed (RFC 6750, section 3.1); and,
# where a router stands before whatever asks for the token, "no such path" and "not this method".
REFUSED: Final = frozenset({400, 401, 403, 404, 405})

# The reasons of an invalid_request; those of an invalid_token, and of no token at all, are 401.
_FAULTS_OF_THE_REQUEST: Final = frozenset(
    {"invalid_credentials", "repeated_credentials", "token_too_large"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The application under attack, as far as an attacker needs it.

    Args:
        issuer: the issuer whose tokens the application trusts.
        keys: keys that the attacker holds, and has got into the issuer's JWK Set in forms that
            nobody may use.
        path: a path that needs a token.
        method: the method to ask for it with.
        claims: claims that a good token of this application has besides the usual ones.
        header: JOSE header members that it has besides `alg`, `typ` and `kid`.
        marks: the names of those claims that prove an access token of this issuer.
        audience_claim: the claim that names the API.
        public_origin: the address by which clients reach the application, as their DPoP proofs
            name it; None for an application that takes none.
        proof_key: the key of the client whose tokens are bound.
    """

    issuer: MockIssuer
    keys: HostileKeys
    path: str = "/"
    method: str = "GET"
    claims: Mapping[str, object] = field(default_factory=dict)
    header: Mapping[str, object] = field(default_factory=dict)
    marks: Collection[str] = ()
    audience_claim: str = "aud"
    public_origin: str | None = None
    proof_key: ProofKey = field(default_factory=ProofKey)

    @property
    def url(self) -> str:
        """The URL of the request, as a DPoP proof names it."""
        return f"{(self.public_origin or 'https://api.example.com').rstrip('/')}{self.path}"

    def good_header(self, **changes: object) -> dict[str, object]:
        """The JOSE header of a good token, with members added or replaced."""
        key = self.issuer.signing_key
        return {"alg": key.algorithm, "typ": "JWT", "kid": key.kid, **self.header, **changes}

    def good_claims(self, **changes: object) -> dict[str, object]:
        """The claims of a good token, with claims added or replaced."""
        now = int(self.issuer.clock())
        if "aud" in changes:
            changes[self.audience_claim] = changes.pop("aud")
        return {
            "iss": self.issuer.issuer,
            "sub": DEFAULT_SUBJECT,
            "aud": self.issuer.audience,
            "client_id": DEFAULT_CLIENT_ID,
            "scope": "openid profile",
            "jti": "an-attack",
            "iat": now,
            "exp": now + 3600,
            **self.claims,
            **changes,
        }

    def token(
        self, *, key: SigningKey | None = None, without: str | None = None, **changes: object
    ) -> str:
        """A token that the issuer signed, good but for these claims.

        `key` signs instead of the issuer's, under the issuer's `kid`.
        """
        claims = self.good_claims(**changes)
        claims.pop(self.audience_claim if without == "aud" else without or "", None)
        return self.signed(self.good_header(), claims, key=key)

    def forged(self) -> str:
        """A token that the attacker signed, under the issuer's `kid`."""
        return self.token(key=self.keys.stranger)

    def of_another_kind(self, without: str = "", /, **changes: object) -> str:
        """A token that the issuer signed, without the marks of its access tokens.

        Other kinds of its tokens lack them. `without` is one more claim to leave out.
        """
        claims = self.good_claims(**changes)
        for name in {*self.marks, without} - changes.keys():
            claims.pop(name, None)
        return self.signed(self.good_header(typ="JWT"), claims)

    def with_header(self, *, without: str | None = None, **changes: object) -> str:
        """A token that the issuer signed, good but for these header members."""
        header = self.good_header(**changes)
        header.pop(without or "", None)
        return self.signed(header, self.good_claims())

    def signed(self, header: Part, claims: Part, *, key: SigningKey | None = None) -> str:
        """A token of this header and these claims, signed by the issuer or by `key`."""
        return (self.issuer.signing_key if key is None else key).sign(header, claims)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of an attacker, as the server gives it to the application.

    `path`, `raw_path` and `method` are the target's where they are None.
    """

    headers: Headers = ()
    method: str | None = None
    path: str | None = None
    raw_path: bytes | None = None
    query_string: bytes = b""
    body: bytes = b""
    websocket: bool = False
    subprotocols: tuple[str, ...] = ()

    def scope(self, target: Target) -> dict[str, Any]:
        """The ASGI connection scope of the request."""
        path = target.path if self.path is None else self.path
        scope = {
            "type": "websocket" if self.websocket else "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "wss" if self.websocket else "https",
            "path": path,
            "raw_path": path.encode() if self.raw_path is None else self.raw_path,
            "root_path": "",
            "query_string": self.query_string,
            "headers": [(b"host", b"api.example.com"), *self.headers],
            "client": ("203.0.113.7", 50000),
            "server": ("api.example.com", 443),
            "extensions": {},
        }
        if self.websocket:
            return {
                **scope,
                "subprotocols": [*self.subprotocols],
                "extensions": {"websocket.http.response": {}},
            }
        return {**scope, "method": target.method if self.method is None else self.method}


Build = Callable[[Target], Attempt]


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack: the request of the attacker, and the reason that refuses it.

    Args:
        name: one word of lower case letters, digits and underscores, unique in the corpus.
        summary: the request in a few words.
        requirements: the numbered rules in docs/requirements.md that forbid it to succeed.
        reason: the rule that our own middleware refuses it by, as a value of `asgi_jwks.Reason`.
        build: makes the request.
        refused_with: the statuses of a refusal; any other means that the attack got through.
    """

    name: str
    summary: str
    requirements: tuple[str, ...]
    reason: str
    build: Build
    refused_with: frozenset[int] = REFUSED

    @property
    def status(self) -> int:
        """The status that our own middleware answers with (RFC 6750, section 3.1)."""
        return 400 if self.reason in _FAULTS_OF_THE_REQUEST else 401


def bearer(token: str | bytes) -> Attempt:
    """The request that brings a token as it should be brought."""
    octets = token.encode("utf-8", "surrogatepass") if isinstance(token, str) else token
    return Attempt(((b"authorization", b"Bearer " + octets),))


def with_fields(*fields: tuple[str, str]) -> Attempt:
    """A request with these header fields."""
    return Attempt(tuple((name.encode("latin-1"), value.encode()) for name, value in fields))


def by_request(name: str, summary: str, requirements: str, reason: str, build: Build) -> Attack:
    """An attack by a bent request; `requirements` are separated by spaces, here and below."""
    return Attack(name, summary, tuple(requirements.split()), reason, build)


def by_token(
    name: str, summary: str, requirements: str, reason: str, token: Callable[[Target], str]
) -> Attack:
    """An attack by a bent token in a request as it should be."""
    return by_request(name, summary, requirements, reason, lambda target: bearer(token(target)))


def by_claims(name: str, summary: str, requirements: str, reason: str, **claims: object) -> Attack:
    """An attack by a token that the issuer signed, good but for these claims."""

    def token(target: Target) -> str:
        return target.signed(target.good_header(), target.good_claims(**claims))

    return by_token(name, summary, requirements, reason, token)
