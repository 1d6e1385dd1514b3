"""Where an issuer's rules and its keys meet: `TrustedIssuer`.

What lives only here: the configuration of an issuer, checked whole at construction. What it does
not know: how the rules are applied (`tokens`) and how keys are fetched (`keys`). It is the one
module that imports both.
"""

from collections.abc import Iterable, Sequence
from typing import Final, get_args

from asgi_jwks.caching.freshness import require_duration
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.request import HTTPClient
from asgi_jwks.jose.algorithms import ASYMMETRIC_ALGORITHMS, SYMMETRIC_ALGORITHMS
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.keys.static import SharedSecret, StaticJWKSet
from asgi_jwks.tokens.claim_rules import Profile, TokenRules
from asgi_jwks.tokens.issuers import Check, KeySource

__all__ = ["HTTPClient", "TrustedIssuer"]

LARGEST_LEEWAY: Final = 300.0


class TrustedIssuer:
    """An issuer whose access tokens are accepted, and under which conditions.

    Args:
        issuer: the issuer identifier, exactly as tokens have it in `iss`, the last slash included.
        audience: this API's identifier, or several; a token must have one of them in `aud`.
        jwks_uri: the URL of the issuer's JWK Set; None discovers it from the issuer (RFC 8414,
            OpenID Connect Discovery 1.0).
        keys: a RemoteJWKSet, StaticJWKSet or SharedSecret to use instead of `jwks_uri`.
        algorithms: the accepted signature algorithms, ("RS256",) unless `keys` is a SharedSecret.
        leeway: seconds by which the clocks of issuer and API may differ: 5, at most 300.
        profile: "default", or "rfc9068" to accept only what RFC 9068 calls an access token.
        audience_claim: the claim to compare with `audience`, for issuers whose access tokens have
            no `aud` (Cognito: "client_id").
        required_claims: further claims that must be present and not null.
        checks: callables that get the AccessToken, on every request, and return True, or False for
            a 401; they may be async, and may raise InvalidToken or InsufficientScope.
        gateway_proves_binding: accept tokens that are bound to a key (RFC 9449, RFC 8705) as plain
            Bearer tokens, because a gateway in front of this API has checked the proof.
        http_client: for fetching keys; see RemoteJWKSet, which has more options.
        allow_insecure_http: fetch keys over http from hosts other than loopback.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    __slots__ = ("checks", "keys", "rules")

    def __init__(
        self,
        *,
        issuer: str,
        audience: str | Iterable[str],
        jwks_uri: str | None = None,
        keys: KeySource | None = None,
        algorithms: Iterable[str] | None = None,
        leeway: float = 5.0,
        profile: Profile = "default",
        audience_claim: str = "aud",
        required_claims: Iterable[str] = (),
        checks: Sequence[Check] = (),
        gateway_proves_binding: bool = False,
        http_client: HTTPClient | None = None,
        allow_insecure_http: bool = False,
    ) -> None:
        if not isinstance(issuer, str) or not issuer:
            raise ConfigurationError(
                "issuer must be the issuer identifier of your provider, as its tokens have it in "
                '"iss". Write for example issuer="https://example.eu.auth0.com/".'
            )
        require_duration("leeway", leeway)
        if leeway > LARGEST_LEEWAY:
            raise ConfigurationError(
                f"leeway is for clocks that differ by seconds: at most {LARGEST_LEEWAY:g}, got "
                f"{leeway!r}. For tokens that should live longer, change their lifetime."
            )
        if profile not in get_args(Profile):
            raise ConfigurationError(f'profile must be "default" or "rfc9068"; got {profile!r}.')
        if not isinstance(audience_claim, str) or not audience_claim:
            raise ConfigurationError('audience_claim must be the name of a claim, such as "aud".')
        if keys is not None and (jwks_uri is not None or http_client is not None):
            raise ConfigurationError(
                "Give either keys, or jwks_uri and http_client, not both: a RemoteJWKSet takes "
                "them itself."
            )
        if keys is not None and not callable(getattr(keys, "key_for", None)):
            raise ConfigurationError(
                "keys must be a RemoteJWKSet, StaticJWKSet or SharedSecret. Write for example "
                f"keys=StaticJWKSet(...); got {type(keys).__name__}."
            )
        allowed = _algorithms(algorithms, keys)
        self.rules: Final = TokenRules(
            issuer=issuer,
            audiences=_audiences(audience),
            algorithms=allowed,
            leeway=float(leeway),
            profile=profile,
            audience_claim=audience_claim,
            required_claims=_names("required_claims", required_claims),
            gateway_proves_binding=gateway_proves_binding,
        )
        self.checks: Final[tuple[Check, ...]] = tuple(checks)
        if keys is None:
            keys = RemoteJWKSet(
                jwks_uri,
                issuer=issuer,
                http_client=http_client,
                allow_insecure_http=allow_insecure_http,
            )
        self.keys: Final[KeySource] = keys

    def __repr__(self) -> str:
        return f"TrustedIssuer(issuer={self.rules.issuer!r})"


def _names(option: str, values: Iterable[str]) -> tuple[str, ...]:
    names: tuple[object, ...] = (values,)
    if isinstance(values, Iterable) and not isinstance(values, str):
        names = tuple(values)
    strings = tuple(name for name in names if isinstance(name, str) and name)
    if len(strings) != len(names):
        raise ConfigurationError(f"{option} must be strings that are not empty; got {names!r}.")
    return strings


def _audiences(audience: str | Iterable[str]) -> frozenset[str]:
    hint = (
        "audience must name this API as its tokens do in their audience claim; there is no way to "
        'leave it unchecked. Write for example audience="https://api.example.com".'
    )
    if audience is None:
        raise ConfigurationError(hint)
    audiences = _names("audience", audience)
    if not audiences:
        raise ConfigurationError(hint)
    return frozenset(audiences)


def _algorithms(algorithms: Iterable[str] | None, keys: KeySource | None) -> frozenset[str]:
    """The allow-list, no part of which is without a key that could serve it."""
    if algorithms is None:
        return keys.algorithms if isinstance(keys, SharedSecret) else frozenset({"RS256"})
    names = frozenset(_names("algorithms", algorithms))
    if not names:
        raise ConfigurationError(
            'algorithms must name at least one signature algorithm. Write algorithms=("RS256",).'
        )
    unknown = sorted(names - ASYMMETRIC_ALGORITHMS - SYMMETRIC_ALGORITHMS)
    if unknown:
        raise ConfigurationError(
            f"algorithms has {', '.join(unknown)}, which is no signature algorithm supported here; "
            f"there are {', '.join(sorted(ASYMMETRIC_ALGORITHMS | SYMMETRIC_ALGORITHMS))}."
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
            'that you sign yourself, or algorithms=("RS256",) for those of a provider.'
        )
    return names


# A type checker sees here that the three kinds of keys are what the verifier asks for.
_: tuple[type[KeySource], ...] = (RemoteJWKSet, StaticJWKSet, SharedSecret)
