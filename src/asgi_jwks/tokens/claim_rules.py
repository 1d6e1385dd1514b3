"""The rules of one issuer for headers and claims (RFC 7519, RFC 8725, RFC 9068).

At a given time.

It knows neither signatures nor keys, and `now` is an argument, in seconds since the epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Literal, get_args

from asgi_jwks._printable import printable
from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.key_material import RSA_BITS
from asgi_jwks.tokens.grant_claims import DEFAULT_GRANT_CLAIMS, GrantClaims, all_strings
from asgi_jwks.tokens.header_rules import ACCESS_TOKEN_TYPE, JOSEHeader
from asgi_jwks.tokens.kinds import DEFAULT_KIND_RULE, KindRule
from asgi_jwks.tokens.principal import IdentityForm

__all__ = ["ALL_BINDINGS", "BindingKind", "Profile", "TokenRules"]

Profile = Literal["default", "rfc9068"]

BindingKind = Literal["dpop", "certificate"]
"""The key that a token is bound to (RFC 9449, RFC 8705)."""

ALL_BINDINGS: Final[frozenset[BindingKind]] = frozenset(get_args(BindingKind))

# The end of the year 9999: what datetime can still express. Later is a mistake or an attack.
LATEST_NUMERIC_DATE: Final = 253_402_300_799
EARLIEST_NUMERIC_DATE: Final = -LATEST_NUMERIC_DATE

# Requirement G4: a token that is used at once must not fail for a clock that is a minute ahead.
IAT_LEEWAY: Final = 60.0

# A bound on work; an Auth0 token has two audiences.
LONGEST_AUDIENCE_LIST: Final = 256

# RFC 9068, section 2.2; exp, iss and aud are required of every token.
_REQUIRED_BY_RFC9068: Final = ("sub", "client_id", "jti")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """The rules for tokens of one issuer. The values are checked where they are configured.

    Args:
        issuer: compared with `iss` code point for code point.
        audiences: `aud` must name one of these; None where the audience is not checked.
        algorithms: the allow-list for `alg`.
        leeway: seconds by which clocks may differ.
        profile: "rfc9068" additionally demands what RFC 9068 does.
        audience_claim: the claim that names the audience.
        required_claims: claims that must be present and not null.
        proven_bindings: the kinds of binding whose proof is judged, here afterwards or by a gateway
            in front; without any, tokens that are bound are refused.
        kind: the marks of an access token, and of the issuer's other kinds of token.
        grant_claims: the claims that grant scopes, roles and permissions.
        grants: the names that its tokens may grant; None where they are not bounded.
        identity: how its users are named; None leaves it to the verifier.
        min_rsa_bits: smaller RSA keys of the issuer sign nothing here.
    """

    issuer: str
    audiences: frozenset[str] | None
    algorithms: frozenset[str]
    leeway: float
    profile: Profile
    audience_claim: str
    required_claims: tuple[str, ...]
    proven_bindings: frozenset[BindingKind] = frozenset()
    kind: KindRule = DEFAULT_KIND_RULE
    grant_claims: GrantClaims = DEFAULT_GRANT_CLAIMS
    grants: frozenset[str] | None = None
    identity: IdentityForm | None = None
    min_rsa_bits: int = RSA_BITS.start

    def check_header(self, header: JOSEHeader) -> None:
        """Apply the header rules that this issuer's configuration decides.

        Raises:
            InvalidToken: algorithm_not_allowed or wrong_type.
        """
        # RFC 8725, section 3.1: case-sensitive, and `none` cannot be configured.
        if header.algorithm not in self.algorithms:
            raise InvalidToken(Reason.ALGORITHM_NOT_ALLOWED, printable(header.algorithm))
        if self.profile == "rfc9068" and header.type != ACCESS_TOKEN_TYPE:
            raise InvalidToken(Reason.WRONG_TYPE, "the rfc9068 profile demands typ at+jwt")
        self.kind.check_header(header)

    def check_key_size(self, rsa_bits: int | None) -> None:
        """Judge the size of the issuer's key; None is one that is not of RSA.

        Raises:
            InvalidToken: key_too_small.
        """
        if rsa_bits is not None and rsa_bits < self.min_rsa_bits:
            raise InvalidToken(
                Reason.KEY_TOO_SMALL,
                f"the RSA key has {rsa_bits} bits, and not at least {self.min_rsa_bits}",
            )

    def check_claims(
        self, claims: Mapping[str, Any], header: JOSEHeader, now: float
    ) -> tuple[float, float]:
        """Apply all claim rules but that for `iss`, by which these rules were chosen.

        Returns from when, and before when, the token is valid, leeway applied: with the same
        claims, only time can change the verdict.

        Raises:
            InvalidToken: with the reason of the first rule that is broken.
        """
        validity = self.check_time(claims, now)
        self.check_audience(claims)
        self.check_presence(claims)
        self.check_forms(claims)
        self.kind.check(header, claims)
        self.check_binding(claims)
        return validity

    def check_time(self, claims: Mapping[str, Any], now: float) -> tuple[float, float]:
        """Judge exp, nbf and iat; see check_claims for the times that it returns."""
        if "exp" not in claims:
            raise InvalidToken(Reason.MISSING_CLAIM, "exp")
        # RFC 7519, section 4.1.4: the current time must be before it.
        not_after = _numeric_date("exp", claims["exp"]) + self.leeway
        if now >= not_after:
            raise InvalidToken(Reason.EXPIRED)
        not_before = -inf
        if "nbf" in claims:
            not_before = _numeric_date("nbf", claims["nbf"]) - self.leeway
            if now < not_before:
                raise InvalidToken(Reason.NOT_YET_VALID)
        if "iat" in claims:
            # Issuers' clocks run ahead of ours by more than those of API and client differ.
            issued = _numeric_date("iat", claims["iat"]) - max(self.leeway, IAT_LEEWAY)
            if now < issued:
                raise InvalidToken(Reason.ISSUED_IN_FUTURE)
            not_before = max(not_before, issued)
        return not_before, not_after

    def check_audience(self, claims: Mapping[str, Any]) -> None:
        """Judge the audience claim, where an audience is configured."""
        audiences = self.audiences
        if audiences is None:
            return
        name = self.audience_claim
        audience = claims.get(name)
        if isinstance(audience, str):
            if audience not in audiences:
                raise InvalidToken(Reason.WRONG_AUDIENCE)
        elif isinstance(audience, list):
            if len(audience) > LONGEST_AUDIENCE_LIST or not all_strings(audience):
                raise InvalidToken(Reason.INVALID_CLAIM, f"{name} is not a list of strings")
            if audiences.isdisjoint(audience):
                raise InvalidToken(Reason.WRONG_AUDIENCE)
        elif name in claims:
            raise InvalidToken(
                Reason.INVALID_CLAIM, f"{name} is neither a string nor a list of strings"
            )
        else:
            raise InvalidToken(Reason.MISSING_CLAIM, name)

    def check_forms(self, claims: Mapping[str, Any]) -> None:
        """Judge sub and jti: strings, where they are present (RFC 7519, 4.1.2 and 4.1.7)."""
        if not isinstance(claims.get("sub", ""), str):
            raise InvalidToken(Reason.INVALID_CLAIM, "sub is not a string")
        if not isinstance(claims.get("jti", ""), str):
            raise InvalidToken(Reason.INVALID_CLAIM, "jti is not a string")

    def check_binding(self, claims: Mapping[str, Any]) -> None:
        """Refuse a token that is bound to a key whose possession nobody has proven.

        RFC 9449, section 7.2; RFC 8705, section 3. Other methods of RFC 7800 bind just as well.
        """
        if "cnf" in claims and not self.proven_bindings:
            raise InvalidToken(Reason.SENDER_CONSTRAINED)

    def check_presence(self, claims: Mapping[str, Any]) -> None:
        """Judge whether the required claims are present."""
        for name in self.required_claims:
            if claims.get(name) is None:
                raise InvalidToken(Reason.MISSING_CLAIM, name)
        if self.profile == "rfc9068":
            if "iat" not in claims:
                raise InvalidToken(Reason.MISSING_CLAIM, "iat")
            for name in _REQUIRED_BY_RFC9068:
                if name not in claims:
                    raise InvalidToken(Reason.MISSING_CLAIM, name)
                if not isinstance(claims[name], str):
                    raise InvalidToken(Reason.INVALID_CLAIM, f"{name} is not a string")


def _numeric_date(name: str, value: Any) -> float:
    """A NumericDate (RFC 7519, section 2): a JSON number of seconds, fractions allowed.

    Raises:
        InvalidToken: it is a string, a boolean or out of range.
    """
    # type() and not isinstance: to isinstance, true is the integer 1.
    if type(value) is not int and type(value) is not float:
        raise InvalidToken(Reason.INVALID_CLAIM, f"{name} is not a number")
    if not EARLIEST_NUMERIC_DATE <= value <= LATEST_NUMERIC_DATE:
        raise InvalidToken(Reason.INVALID_CLAIM, f"{name} is out of range")
    return value
