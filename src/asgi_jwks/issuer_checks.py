"""The checks of an issuer's options, each told by how to mend it.

Each returns the value in the form that rules have it in.
"""

import logging
import re
from collections.abc import Iterable
from typing import Any, Final, Literal, get_args

from asgi_jwks._options import (
    require_bare,
    require_callable,
    require_duration,
    require_flag,
    require_names,
    require_text,
)
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.jose.algorithms import ASYMMETRIC_ALGORITHMS, SYMMETRIC_ALGORITHMS
from asgi_jwks.jose.key_material import RSA_BITS
from asgi_jwks.keys.static import SharedSecret
from asgi_jwks.tokens.claim_rules import ALL_BINDINGS, BindingKind, Profile
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.issuers import Check
from asgi_jwks.tokens.key_source import KeySource
from asgi_jwks.tokens.principal import IdentityForm

__all__ = [
    "LARGEST_LEEWAY",
    "require_algorithms",
    "require_audience_claim",
    "require_audiences",
    "require_checks",
    "require_grant_claims",
    "require_grants",
    "require_identity_form",
    "require_issuer_name",
    "require_key_source",
    "require_leeway",
    "require_min_rsa_bits",
    "require_profile",
    "require_proven_bindings",
]

_log: Final = logging.getLogger("asgi_jwks.tokens")

LARGEST_LEEWAY: Final = 300.0

_ISSUER: Final = "https://example.eu.auth0.com/"
_AUDIENCE: Final = "https://api.example.com"

# Names of places to log in at, which no token has in `iss`.
_OF_NO_TENANT: Final = re.compile(
    r"https://(login\.microsoftonline\.com|sts\.windows\.net)/(common|organizations|consumers)\b"
)

# RFC 7519, section 4.1: claims that every token of an issuer has alike, whomever it is for.
_SHARED_CLAIMS: Final = frozenset({"iss", "exp", "nbf", "iat", "jti", "sub", "typ"})


def require_issuer_name(issuer: object) -> str:
    """The issuer identifier, which is not the URL of a document."""
    if not isinstance(issuer, str) or not issuer:
        raise ConfigurationError(
            "issuer must be the issuer identifier of your provider, as its tokens have it in "
            f'"iss"; got {issuer!r}. Write for example issuer="{_ISSUER}".'
        )
    require_bare("issuer", issuer)
    if _OF_NO_TENANT.match(issuer):
        raise ConfigurationError(
            f"issuer must be that of one tenant, since tokens name theirs; got {issuer!r}. Write "
            "entra_id(tenant=..., audience=..., version=...) or entra_id_tenants(...) of "
            "asgi_jwks.providers."
        )
    base, well_known, _ = issuer.partition("/.well-known/")
    if well_known:
        raise ConfigurationError(
            f'issuer is the identifier that tokens have in "iss", not the URL of a document; got '
            f'{issuer!r}. Write issuer="{base}" or issuer="{base}/", as the "issuer" member of '
            "that document says; jwks_uri=... is for the URL of a JWK Set."
        )
    return issuer


def require_audiences(issuer: str, audience: object, *, insecure: object) -> frozenset[str] | None:
    """The audiences, of which a token must have one; None where none is checked."""
    if require_flag("insecure_no_audience", insecure):
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
    if "*" in names:
        raise ConfigurationError(
            f'audience: "*" is no audience, and nothing stands for all of them. Write for example '
            f'audience="{_AUDIENCE}", as the tokens for this API have it.'
        )
    return frozenset(require_bare("audience", name) for name in names)


def require_grant_claims(claims: object) -> GrantClaims:
    """The claims that grant something."""
    if not isinstance(claims, GrantClaims):
        raise ConfigurationError(
            f"grant_claims must be a GrantClaims; got {claims!r}. Write for example "
            'grant_claims=GrantClaims(roles=["realm_access.roles"]).'
        )
    return claims


def require_grants(grants: object) -> frozenset[str] | None:
    """The names that tokens may grant; None bounds nothing."""
    return (
        None
        if grants is None
        else frozenset(require_names("grants", grants, example="read:messages"))
    )


def require_proven_bindings(
    here: frozenset[BindingKind], *, by_gateway: object
) -> frozenset[BindingKind]:
    """The kinds of binding that are proven: here, or all of them by a gateway."""
    if not require_flag("gateway_proves_binding", by_gateway):
        return here
    if here:
        raise ConfigurationError(
            "Give either gateway_proves_binding=True, or dpop and certificate_sources, not both: "
            "with them, whoever presents a bound token proves here that it is theirs."
        )
    return ALL_BINDINGS


def require_identity_form(identity: object) -> IdentityForm | None:
    """How users are named."""
    forms: tuple[IdentityForm, ...] = get_args(IdentityForm)
    for form in forms:
        if identity == form:
            return form
    if identity is None:
        return None
    raise ConfigurationError(f'identity must be "sub", "qualified" or None; got {identity!r}.')


def require_leeway(leeway: object) -> float:
    """Seconds by which clocks may differ."""
    seconds = require_duration("leeway", leeway)
    if seconds > LARGEST_LEEWAY:
        raise ConfigurationError(
            f"leeway is for clocks that differ by seconds: at most {LARGEST_LEEWAY:g}, got "
            f"{leeway!r}. For tokens that should live longer, change their lifetime."
        )
    return seconds


def require_min_rsa_bits(bits: object) -> int:
    """The size of the smallest RSA key; others are not used whatever is written here."""
    if type(bits) is int and bits in RSA_BITS:
        return bits
    raise ConfigurationError(
        f"min_rsa_bits must be a whole number from {RSA_BITS.start} to {RSA_BITS.stop - 1}; got "
        f"{bits!r}. Write for example min_rsa_bits=3072."
    )


def require_profile(profile: object) -> Profile:
    """The profile of tokens."""
    profiles: tuple[Literal["default", "rfc9068"], ...] = get_args(Profile)
    for known in profiles:
        if profile == known:
            return known
    raise ConfigurationError(f'profile must be "default" or "rfc9068"; got {profile!r}.')


def require_audience_claim(claim: object) -> str:
    """The claim that holds the audience."""
    name = require_text("audience_claim", claim, example="client_id")
    if name in _SHARED_CLAIMS:
        raise ConfigurationError(
            f'audience_claim="{name}" would tell nothing of the audience: every token of the '
            'issuer has it, whomever it is for. Write audience_claim="aud", or the claim that '
            'names the API or its client, such as "client_id".'
        )
    return name


def require_checks(checks: object) -> tuple[Check, ...]:
    """The caller's own rules."""
    if callable(checks) or isinstance(checks, str) or not isinstance(checks, Iterable):
        raise ConfigurationError(
            f"checks must be a list of callables; got {checks!r}. Write checks=[my_check]."
        )
    return tuple(require_callable("checks", c, form="check(access_token)") for c in checks)


def require_key_source(keys: Any, *, jwks_uri: object, http_client: object) -> KeySource | None:
    """The keys that stand in place of a URL; None without any."""
    if keys is None:
        return None
    if jwks_uri is not None or http_client is not None:
        raise ConfigurationError(
            "Give either keys, or jwks_uri and http_client, not both: a RemoteJWKSet takes them "
            "itself."
        )
    if isinstance(keys, type) or not callable(getattr(keys, "at_hand", None)):
        raise ConfigurationError(
            "keys must be a RemoteJWKSet, StaticJWKSet or SharedSecret. Write for example "
            'keys=StaticJWKSet(...), or keys=SharedSecret(os.environ["JWT_SECRET"]) for tokens '
            # Its repr could be a secret.
            f"that you sign yourself; got {type(keys).__name__}."
        )
    source: KeySource = keys
    return source


def require_algorithms(algorithms: object, keys: KeySource | None) -> frozenset[str]:
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
