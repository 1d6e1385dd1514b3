"""SuperTokens: session access tokens, and those of its OAuth 2.0 provider."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, AnyOf, HasClaim

__all__ = ["supertokens"]


@dataclass(frozen=True, slots=True)
class _OfOAuth:
    """The claim `stt` is the number 1; ID tokens have 2."""

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        kind = claims.get("stt")
        return kind == 1 and not isinstance(kind, bool)

    def __str__(self) -> str:
        return "the claim stt of 1"


@dataclass(frozen=True, slots=True)
class _SignInFinished:
    """The claim `st-mfa`, where there is one, says that no factor is missing."""

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        factors = claims.get("st-mfa")
        return "st-mfa" not in claims or (isinstance(factors, dict) and factors.get("v") is True)

    def __str__(self) -> str:
        return "no claim st-mfa whose v is not true"


def supertokens(
    issuer: str,
    *,
    audience: str | Iterable[str] | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """SuperTokens, whose session does not say for which API it is.

    A session has a `sessionHandle`, and is refused while a second factor is missing. An access
    token of the OAuth 2.0 provider has `stt` 1. Without an `aud`, which an override of
    createNewSession can add, `insecure_no_audience=True` has to be said: every session of this
    application is accepted.

    Args:
        issuer: apiDomain with apiBasePath: "https://api.example.com/auth".
        audience: what the sessions, or the tokens of OAuth clients, have in `aud`.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: neither `audience` nor `insecure_no_audience=True` is given, or an
            option is wrong.

    Sources: supertokens/supertokens-core, OAuthToken.java; supertokens-node, session claims.
    """
    base = require_issuer("issuer", issuer, example="https://api.example.com/auth")
    preset = Preset(
        provider="supertokens",
        issuer=base,
        audience=()
        if audience is None
        else names("audience", audience, example="https://api.example.com"),
        jwks_uri=f"{base.rstrip('/')}/jwt/jwks.json",
        kind=KindRule(proof=AllOf(AnyOf(HasClaim("sessionHandle"), _OfOAuth()), _SignInFinished())),
        grant_claims=GrantClaims(
            roles=(("st-role", "v"),),
            groups=(),
            permissions=(("st-perm", "v"),),
            client=("client_id",),
        ),
        notes=(
            "Whether the address of e-mail is verified is in st-ev, and is not asked: add a check.",
        ),
    )
    return trusted(preset, options)
