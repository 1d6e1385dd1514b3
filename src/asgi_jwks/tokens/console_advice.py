"""Words of a provider's console for the advice to its users, by the issuer's name.

Only here: the sentence, for each provider that can be told by the form of its configured issuer,
how a client gets a token for this API. Nothing of a token is in it. It decides nothing: an issuer
with a domain of its own gets the general advice.
"""

import re
from typing import Final

from asgi_jwks._printable import quoted

__all__ = ["KNOWN_HEADER_TYPES", "asking", "asking_or", "of_legacy_secret"]

KNOWN_HEADER_TYPES: Final = {
    "dpop+jwt": "a DPoP proof, which belongs into the field DPoP: have the client send the "
    "access_token",
    "entity-statement+jwt": "a statement of OpenID Federation",
    "id_token+jwt": "an ID token",
    "logout+jwt": "a logout token",
    "oauth-authz-req+jwt": "a request object",
    "okta-internal-at+jwt": "an access token of Okta's org authorization server, which is for Okta "
    "alone: have clients ask at a custom one, whose issuer has /oauth2/ in it",
    "secevent+jwt": "a security event",
    "statuslist+jwt": "a status list",
    "token-introspection+jwt": "an introspection response",
}
"""The `typ` of other JWTs (RFC 8725, section 3.11), and the words for them."""

# The configured issuer, and how its provider gives a token for an API: {api} is the audience.
_ASKING: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (
            r"https://[^/]+\.auth0\.com/",
            "Auth0 gives it to clients that ask with audience={api}, the identifier of the API",
        ),
        (
            r"https://(login\.microsoftonline\.com|sts\.windows\.net|[^/]+\.ciamlogin\.com)/.+",
            "Entra ID gives it for a scope of this API's app registration, which is made under "
            '"Expose an API", such as api://APP-ID/access_as_user, and to applications that one of '
            "its app roles is assigned to, for api://APP-ID/.default",
        ),
        (
            r"https://[^/]+\.b2clogin\.com/.+",
            "Azure AD B2C gives it for a scope of this API's registration, such as "
            "https://TENANT.onmicrosoft.com/API/read, and not for openid alone",
        ),
        (
            r"https://[^/]+/oauth2/(default|aus[0-9A-Za-z]+)",
            'Okta gives it from this custom authorization server ("Security", "API"), and not from '
            "its org authorization server, whose tokens are for Okta alone",
        ),
        (
            r"https?://[^/]+/adfs/services/trust",
            "AD FS gives it to clients that ask with resource=..., the identifier of the Web API, "
            "which is {api} here",
        ),
        (
            r".+/realms/[^/]+",
            'Keycloak writes the audience by a mapper of the type "Audience" in a client scope of '
            'the client, with {api} as "Included Client Audience"',
        ),
        (
            r"https://cognito-idp\..+",
            "Cognito gives the client an access_token, whose token_use is access, beside the "
            "id_token",
        ),
        (
            r"https://[^/]+\.zitadel\.cloud",
            "ZITADEL gives JWTs to applications whose Token Settings have the Auth Token Type JWT",
        ),
        (
            r"https://[^/]+\.logto\.app/oidc",
            "Logto gives JWTs to clients that ask with resource={api}, the API identifier",
        ),
        (
            r"https://[^/]+\.kinde\.com",
            "Kinde gives it to applications that are authorized for the API and ask with "
            "audience={api}",
        ),
    )
)

# Supabase docs, "JWT Signing Keys": projects that were made earlier sign with a shared secret.
_SUPABASE: Final = re.compile(r"https://[^/]+\.supabase\.co/auth/v1")


def asking(issuer: str | None, audience: str | None) -> str | None:
    """The way to a token for this API, where the issuer's provider is known.

    Args:
        issuer: the configured issuer.
        audience: the configured audience.
    """
    if issuer is None:
        return None
    for pattern, words in _ASKING:
        if pattern.fullmatch(issuer):
            return words.replace("{api}", "..." if audience is None else quoted(audience))
    return None


def asking_or(issuer: str | None, audience: str | None, otherwise: str) -> str:
    """The words of `asking`, or others where the provider is not known; in parentheses."""
    return f"({asking(issuer, audience) or otherwise})"


def of_legacy_secret(issuer: str | None) -> str | None:
    """The way from a shared secret to a key pair, where the provider is known."""
    if issuer is None or not _SUPABASE.fullmatch(issuer):
        return None
    return (
        'in the Supabase dashboard, under "JWT Keys" of the project, migrate the JWT secret and '
        "rotate to the new key; until then write keys=SharedSecret(...) with the legacy JWT secret"
    )
