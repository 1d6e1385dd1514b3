"""`TrustedIssuer` and its options: where an issuer's rules and its keys meet.

Each option of an issuer is stated here, once: its type, its meaning, its default and its check. The
environment's variables, the reference and the signatures of the three entry points follow from it.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypedDict, Unpack, get_args

from asgi_jwks._options import (
    require_callable,
    require_duration,
    require_flag,
    require_known,
    require_names,
    require_text,
)
from asgi_jwks.binding.certificate_sources import CertificateSource
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.binding.sender_constraint import sender_constraint
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import HTTPClient
from asgi_jwks.jose.algorithms import ASYMMETRIC_ALGORITHMS, SYMMETRIC_ALGORITHMS
from asgi_jwks.jose.jwk import RSA_BITS
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.keys.static import SharedSecret, StaticJWKSet
from asgi_jwks.tokens.claim_rules import Profile, TokenRules
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuers import Check
from asgi_jwks.tokens.key_source import KeySource
from asgi_jwks.tokens.kinds import DEFAULT_KIND_RULE, KindRule, kind_rule
from asgi_jwks.tokens.principal import IdentityForm
from asgi_jwks.tokens.scopes import DEFAULT_GRANT_CLAIMS, GrantClaims

__all__ = ["DEFAULTS", "HTTPClient", "IssuerOptions", "PresetOptions", "TrustedIssuer"]

_log: Final = logging.getLogger("asgi_jwks.tokens")

LARGEST_LEEWAY: Final = 300.0

_ISSUER: Final = "https://example.eu.auth0.com/"
_AUDIENCE: Final = "https://api.example.com"

# RFC 7519, section 4.1: claims that every token of an issuer has alike, whomever it is for.
_SHARED_CLAIMS: Final = frozenset({"iss", "exp", "nbf", "iat", "jti", "sub", "typ"})


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
        issuer = _issuer_name(given.get("issuer"))
        keys = _key_source(given)
        self.binding: Final = sender_constraint(given["dpop"], given["certificate_sources"])
        self.rules: Final = TokenRules(
            issuer=issuer,
            audiences=_audiences(issuer, given),
            algorithms=_algorithms(given["algorithms"], keys),
            leeway=_leeway(given["leeway"]),
            profile=_profile(given["profile"]),
            audience_claim=_audience_claim(given["audience_claim"]),
            required_claims=require_names(
                "required_claims", given["required_claims"], example="email"
            ),
            gateway_proves_binding=_gateway_proves_binding(given, self.binding),
            proves_binding=self.binding is not None,
            kind=kind_rule(given["kind"]),
            grant_claims=_grant_claims(given["grant_claims"]),
            grants=_grants(given["grants"]),
            identity=_identity(given["identity"]),
            min_rsa_bits=_min_rsa_bits(given["min_rsa_bits"]),
        )
        self.checks: Final = _checks(given["checks"])
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


def _issuer_name(issuer: object) -> str:
    if not isinstance(issuer, str) or not issuer:
        raise ConfigurationError(
            "issuer must be the issuer identifier of your provider, as its tokens have it in "
            f'"iss"; got {issuer!r}. Write for example issuer="{_ISSUER}".'
        )
    base, well_known, _ = issuer.partition("/.well-known/")
    if well_known:
        raise ConfigurationError(
            f'issuer is the identifier that tokens have in "iss", not the URL of a document; got '
            f'{issuer!r}. Write issuer="{base}" or issuer="{base}/", as the "issuer" member of '
            "that document says; jwks_uri=... is for the URL of a JWK Set."
        )
    return issuer


def _audiences(issuer: str, options: IssuerOptions) -> frozenset[str] | None:
    audience = options.get("audience")
    if require_flag("insecure_no_audience", options["insecure_no_audience"]):
        if audience is not None:
            raise ConfigurationError(
                "Give either audience or insecure_no_audience=True, not both: the audience would "
                "not be checked."
            )
        _log.warning(
            "%s: the audience of tokens is not checked (insecure_no_audience=True): a token that "
            "this issuer made for any other API passes here",
            issuer,
        )
        return None
    names = () if audience is None else require_names("audience", audience, example=_AUDIENCE)
    if not names:
        raise ConfigurationError(
            "audience must name this API as its tokens do in their audience claim. Write for "
            f'example audience="{_AUDIENCE}". For a provider that writes no audience there is '
            "insecure_no_audience=True, which accepts tokens for whatever API."
        )
    return frozenset(names)


def _grant_claims(claims: object) -> GrantClaims:
    if not isinstance(claims, GrantClaims):
        raise ConfigurationError(
            f"grant_claims must be a GrantClaims; got {claims!r}. Write for example "
            'grant_claims=GrantClaims(roles=["realm_access.roles"]).'
        )
    return claims


def _grants(grants: object) -> frozenset[str] | None:
    return (
        None
        if grants is None
        else frozenset(require_names("grants", grants, example="read:messages"))
    )


def _gateway_proves_binding(options: IssuerOptions, binding: object) -> bool:
    is_proven = require_flag("gateway_proves_binding", options["gateway_proves_binding"])
    if is_proven and binding is not None:
        raise ConfigurationError(
            "Give either gateway_proves_binding=True, or dpop and certificate_sources, not both: "
            "with them, whoever presents a bound token proves here that it is theirs."
        )
    return is_proven


def _identity(identity: object) -> IdentityForm | None:
    forms: tuple[IdentityForm, ...] = get_args(IdentityForm)
    for form in forms:
        if identity == form:
            return form
    if identity is None:
        return None
    raise ConfigurationError(f'identity must be "sub", "qualified" or None; got {identity!r}.')


def _leeway(leeway: object) -> float:
    seconds = require_duration("leeway", leeway)
    if seconds > LARGEST_LEEWAY:
        raise ConfigurationError(
            f"leeway is for clocks that differ by seconds: at most {LARGEST_LEEWAY:g}, got "
            f"{leeway!r}. For tokens that should live longer, change their lifetime."
        )
    return seconds


def _min_rsa_bits(bits: object) -> int:
    if type(bits) is int and bits in RSA_BITS:
        return bits
    # Smaller and larger keys are not used whatever is written here.
    raise ConfigurationError(
        f"min_rsa_bits must be a whole number from {RSA_BITS.start} to {RSA_BITS.stop - 1}; got "
        f"{bits!r}. Write for example min_rsa_bits=3072."
    )


def _profile(profile: object) -> Profile:
    profiles: tuple[Literal["default", "rfc9068"], ...] = get_args(Profile)
    for known in profiles:
        if profile == known:
            return known
    raise ConfigurationError(f'profile must be "default" or "rfc9068"; got {profile!r}.')


def _audience_claim(claim: object) -> str:
    name = require_text("audience_claim", claim, example="client_id")
    if name in _SHARED_CLAIMS:
        raise ConfigurationError(
            f'audience_claim="{name}" would tell nothing of the audience: every token of the '
            'issuer has it, whomever it is for. Write audience_claim="aud", or the claim that '
            'names the API or its client, such as "client_id".'
        )
    return name


def _checks(checks: object) -> tuple[Check, ...]:
    if callable(checks) or isinstance(checks, str) or not isinstance(checks, Iterable):
        raise ConfigurationError(
            f"checks must be a list of callables; got {checks!r}. Write checks=[my_check]."
        )
    return tuple(require_callable("checks", c, form="check(access_token)") for c in checks)


def _key_source(options: IssuerOptions) -> KeySource | None:
    keys: Any = options["keys"]
    if keys is None:
        return None
    if options["jwks_uri"] is not None or options["http_client"] is not None:
        raise ConfigurationError(
            "Give either keys, or jwks_uri and http_client, not both: a RemoteJWKSet takes them "
            "itself."
        )
    if isinstance(keys, type) or not callable(getattr(keys, "at_hand", None)):
        raise ConfigurationError(
            "keys must be a RemoteJWKSet, StaticJWKSet or SharedSecret. Write for example "
            # Its repr could be a secret.
            f"keys=StaticJWKSet(...); got {type(keys).__name__}."
        )
    source: KeySource = keys
    return source


def _algorithms(algorithms: object, keys: KeySource | None) -> frozenset[str]:
    """The allow-list, no part of which is without a key that could serve it."""
    if algorithms is None:
        return keys.algorithms if isinstance(keys, SharedSecret) else frozenset({"RS256"})
    names = frozenset(require_names("algorithms", algorithms, example="RS256"))
    if not names:
        raise ConfigurationError(
            'algorithms must name at least one signature algorithm. Write algorithms=["RS256"].'
        )
    unknown = sorted(names - ASYMMETRIC_ALGORITHMS - SYMMETRIC_ALGORITHMS)
    if unknown:
        raise ConfigurationError(
            f"algorithms has {', '.join(unknown)}, which is not a signature algorithm supported "
            f"here; there are {', '.join(sorted(ASYMMETRIC_ALGORITHMS | SYMMETRIC_ALGORITHMS))}."
        )
    # RFC 8725, section 3.1: a published key must never become an HMAC secret, nor the reverse.
    if isinstance(keys, SharedSecret):
        if names != keys.algorithms:
            raise ConfigurationError(
                f"algorithms is {sorted(names)} but the SharedSecret is for "
                f"{', '.join(keys.algorithms)} only. Leave algorithms out."
            )
    elif names & SYMMETRIC_ALGORITHMS:
        raise ConfigurationError(
            f"{', '.join(sorted(names & SYMMETRIC_ALGORITHMS))} needs a secret, and a JWK Set is "
            "public: whoever reads it could sign tokens. Write keys=SharedSecret(...) for tokens "
            'that you sign yourself, or algorithms=["RS256"] for those of a provider.'
        )
    return names


# A type checker sees here that the three kinds of keys are what the verifier asks for.
_: tuple[type[KeySource], ...] = (RemoteJWKSet, StaticJWKSet, SharedSecret)
