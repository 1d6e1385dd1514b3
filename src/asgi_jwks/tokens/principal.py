"""Who is meant by a token, and how the claims of its issuer are read.

A `sub` is unique within its issuer only (RFC 7519, section 4.1.2), so the principal is both.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from asgi_jwks.tokens.grant_claims import DEFAULT_GRANT_CLAIMS, GrantClaims

__all__ = [
    "DEFAULT_BASIS",
    "DEFAULT_READING",
    "Basis",
    "ClaimReading",
    "IdentityForm",
    "qualified_identity",
]

IdentityForm = Literal["sub", "qualified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReading:
    """How the claims of one issuer's tokens are read, as one verifier trusts it.

    Attributes:
        grant_claims: the claims that grant scopes, roles, groups and permissions.
        grants: the names that the issuer's tokens may grant; None where they are not bounded.
        identity: "sub", or "qualified" by the issuer.
    """

    grant_claims: GrantClaims = DEFAULT_GRANT_CLAIMS
    grants: frozenset[str] | None = None
    identity: IdentityForm = "sub"

    def bounded(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the names that the issuer's tokens may grant."""
        grants = self.grants
        return names if grants is None else tuple(name for name in names if name in grants)


DEFAULT_READING: Final = ClaimReading()


class Basis(NamedTuple):
    """The reading of a token's claims, and the names of the key that verified it.

    Every token of that key shares it.

    Attributes:
        reading: how its claims are read.
        key_id: the `kid` of the key, if it has one.
        algorithm: the token's `alg`.
        thumbprint: of the key (RFC 7638); None of a shared secret, which could be guessed by it.
        rsa_bits: the size of an RSA key.
    """

    reading: ClaimReading = DEFAULT_READING
    key_id: str | None = None
    algorithm: str | None = None
    thumbprint: str | None = None
    rsa_bits: int | None = None


DEFAULT_BASIS: Final = Basis()


def qualified_identity(issuer: str, subject: str) -> str:
    """One string for both, which no other pair has: the issuer, a bar, the subject.

    A bar in the issuer is percent-encoded, so that the first bar ends it.
    """
    return f"{issuer.replace('%', '%25').replace('|', '%7C')}|{subject}"
