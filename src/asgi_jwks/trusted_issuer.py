"""`TrustedIssuer` and its options: where an issuer's rules and its keys meet.

Each option of an issuer is stated here, once: its type, its meaning and its default; its check is
in `issuer_checks`. The environment's variables, the reference and the signatures of the three entry
points follow from it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypedDict, Unpack

from asgi_jwks._options import (
    require_flag,
    require_known,
    require_names,
)
from asgi_jwks.binding.certificate_sources import CertificateSource
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.binding.sender_constraint import sender_constraint
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import HTTPClient
from asgi_jwks.issuer_checks import (
    require_algorithms,
    require_audience_claim,
    require_audiences,
    require_checks,
    require_grant_claims,
    require_grants,
    require_identity_form,
    require_issuer_name,
    require_key_source,
    require_leeway,
    require_min_rsa_bits,
    require_profile,
    require_proven_bindings,
)
from asgi_jwks.jose.key_material import RSA_BITS
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.keys.static import SharedSecret, StaticJWKSet
from asgi_jwks.tokens.claim_rules import Profile, TokenRules
from asgi_jwks.tokens.grant_claims import DEFAULT_GRANT_CLAIMS, GrantClaims
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuers import Check, Issuer
from asgi_jwks.tokens.key_source import KeySource
from asgi_jwks.tokens.kinds import DEFAULT_KIND_RULE, KindRule, kind_rule
from asgi_jwks.tokens.principal import IdentityForm

__all__ = [
    "DEFAULTS",
    "HTTPClient",
    "IssuerOptions",
    "PresetOptions",
    "TrustedIssuer",
    "trusted_issuers",
]


class PresetOptions(TypedDict, total=False):
    """The options of an issuer that a provider's preset leaves to its caller."""

    jwks_uri: str | None
    """the URL of the issuer's JWK Set; None discovers it from the issuer"""
    keys: KeySource | None
    """a RemoteJWKSet, StaticJWKSet or SharedSecret instead of `jwks_uri`"""
    algorithms: Iterable[str] | None
    """the accepted algorithms; None is RS256, or that of the SharedSecret"""
    min_rsa_bits: int
    """the size of the smallest RSA key that may sign, in bits (2048)"""
    leeway: float
    """seconds by which the clocks of issuer and API may differ, at most 300"""
    profile: Profile
    """`"rfc9068"` demands `typ: at+jwt` and the claims of RFC 9068"""
    insecure_no_audience: bool
    """accept tokens for whatever API, where the provider writes no audience; not with `audience`"""
    kind: KindRule | Callable[[JOSEHeader, Mapping[str, Any]], bool]
    """the marks of an access token here: a KindRule, or `kind(header, claims)` is True"""
    grant_claims: GrantClaims
    """the claims in which this issuer writes scopes, roles, groups, permissions and the client"""
    grants: Iterable[str] | None
    """the scopes, roles, groups and permissions that its tokens may grant; None bounds nothing"""
    identity: IdentityForm | None
    """how users are named: by `sub` alone, or "qualified".

    None is `sub` for a sole issuer
    """
    required_claims: Iterable[str]
    """further claims that must be present and not null"""
    checks: Sequence[Check]
    """own rules, sync or async, run on every request: `check(access_token)` is True"""
    gateway_proves_binding: bool
    """accept DPoP- and mTLS-bound tokens, whose proof a gateway in front has checked"""
    dpop: DPoP | None
    """the demands on DPoP proofs: `DPoP(public_origin="https://api.example.com")`"""
    certificate_sources: Sequence[CertificateSource]
    """where the client's certificate is taken from, for tokens that are bound to one"""
    http_client: HTTPClient | None
    """an `httpx.AsyncClient` or transport, for proxies, mTLS, private CAs"""
    allow_insecure_http: bool
    """fetch keys over http from hosts beyond loopback"""


class IssuerOptions(PresetOptions, total=False):
    """The options of one trusted issuer."""

    issuer: str
    """the issuer identifier, exactly as tokens have it in `iss`, the last slash included"""
    audience: str | Iterable[str]
    """this API's identifier, or several; a token must have one of them in `aud`"""
    audience_claim: str
    """another claim that holds the audience (Cognito: `client_id`)"""


DEFAULTS: Final[IssuerOptions] = {
    "jwks_uri": None,
    "keys": None,
    "algorithms": None,
    "min_rsa_bits": RSA_BITS.start,
    "leeway": 5.0,
    "profile": "default",
    "audience_claim": "aud",
    "insecure_no_audience": False,
    "kind": DEFAULT_KIND_RULE,
    "grant_claims": DEFAULT_GRANT_CLAIMS,
    "grants": None,
    "identity": None,
    "required_claims": (),
    "checks": (),
    "gateway_proves_binding": False,
    "dpop": None,
    "certificate_sources": (),
    "http_client": None,
    "allow_insecure_http": False,
}


class TrustedIssuer:
    """An issuer whose access tokens are accepted, and under which conditions.

    Args:
        options: see IssuerOptions; `issuer` and `audience` are required.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    __slots__ = ("binding", "checks", "keys", "rules")

    def __init__(self, **options: Unpack[IssuerOptions]) -> None:
        require_known(options, IssuerOptions.__annotations__, owner="TrustedIssuer")
        given: IssuerOptions = {**DEFAULTS, **options}
        issuer = require_issuer_name(given.get("issuer"))
        keys = require_key_source(
            given["keys"], jwks_uri=given["jwks_uri"], http_client=given["http_client"]
        )
        self.binding: Final = sender_constraint(given["dpop"], given["certificate_sources"])
        self.rules: Final = TokenRules(
            issuer=issuer,
            audiences=require_audiences(
                issuer, given.get("audience"), insecure=given["insecure_no_audience"]
            ),
            algorithms=require_algorithms(given["algorithms"], keys),
            leeway=require_leeway(given["leeway"]),
            profile=require_profile(given["profile"]),
            audience_claim=require_audience_claim(given["audience_claim"]),
            required_claims=require_names(
                "required_claims", given["required_claims"], example="email"
            ),
            proven_bindings=require_proven_bindings(
                frozenset() if self.binding is None else self.binding.kinds,
                by_gateway=given["gateway_proves_binding"],
            ),
            kind=kind_rule(given["kind"]),
            grant_claims=require_grant_claims(given["grant_claims"]),
            grants=require_grants(given["grants"]),
            identity=require_identity_form(given["identity"]),
            min_rsa_bits=require_min_rsa_bits(given["min_rsa_bits"]),
        )
        self.checks: Final = require_checks(given["checks"])
        allow_insecure_http = require_flag("allow_insecure_http", given["allow_insecure_http"])
        self.keys: KeySource = (
            keys
            if keys is not None
            else RemoteJWKSet(
                given["jwks_uri"],
                issuer=issuer,
                http_client=given["http_client"],
                allow_insecure_http=allow_insecure_http,
            )
        )

    @property
    def issuer(self) -> str:
        """The issuer identifier."""
        return self.rules.issuer

    def __repr__(self) -> str:
        return f"TrustedIssuer(issuer={self.rules.issuer!r})"


# A type checker sees here that the three kinds of keys are what the verifier asks for.
_: tuple[type[KeySource], ...] = (RemoteJWKSet, StaticJWKSet, SharedSecret)


def trusted_issuers(
    issuers: Sequence[Issuer | Sequence[Issuer]], options: IssuerOptions
) -> tuple[Issuer, ...]:
    """The issuers that an entry point was given.

    They are given as objects, or as the options of one.

    Raises:
        ConfigurationError: both were given, or something else than issuers.
    """
    given: list[Any] = []
    for item in issuers:
        # One list of issuers is taken as well.
        given.extend(item if isinstance(item, list | tuple) else (item,))
    for item in given:
        if isinstance(item, type) or not isinstance(getattr(item, "rules", None), TokenRules):
            raise ConfigurationError(
                "Issuers are TrustedIssuer objects; got "
                f"{item!r}. Write TrustedIssuer(issuer=..., audience=...), or issuer=... alone."
            )
    if given and options:
        raise ConfigurationError(
            f"Give either TrustedIssuer objects or the options of one issuer, not both; "
            f"{', '.join(options)} belongs into a TrustedIssuer."
        )
    return (TrustedIssuer(**options),) if options else tuple(given)
