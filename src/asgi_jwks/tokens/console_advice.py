"""Words of a provider's console for the advice to its users, by the issuer's name.

For each provider that can be told by the form of its configured issuer, there is a sentence on how
a client gets a token for this API. Nothing of a token is in it. It decides nothing: an issuer
with a domain of its own gets the general advice.
"""

import re
from typing import Final

from asgi_jwks._printable import quoted

__all__ = ["KNOWN_HEADER_TYPES", "asking", "asking_or", "of_legacy_secret", "other_issuers"]

KNOWN_HEADER_TYPES: Final = {
    "dpop+jwt": "a DPoP proof, which belongs into the field DPoP: have the client send the "
    "access_token",
    "entity-statement+jwt": "a statement of OpenID Federation",
    "id_token+jwt": "an ID token",
    "logout+jwt": "a logout token",
    "oauth-authz-req+jwt": "a request object",
    "okta-internal-at+jwt": "an access token of Okta's org authorization server, which is for Okta "
    "alone: have clients ask at a custom one",
    "secevent+jwt": "a security event",
    "statuslist+jwt": "a status list",
    "token-introspection+jwt": "an introspection response",
}
"""The `typ` of other JWTs (RFC 8725, section 3.11), and the words for them."""

# The configured issuer, and how its provider gives a token for an API: {api} is the audience.
_ASKING: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"https://[^/]+\.auth0\.com/", "Auth0: audience={api}"),
        (
            r"https://(login\.microsoftonline\.com|sts\.windows\.net|[^/]+\.ciamlogin\.com)/.+",
            'Entra ID: a scope under "Expose an API" of its app registration; for applications an '
            "app role",
        ),
        (
            r"https://[^/]+\.b2clogin\.com/.+",
            "Azure AD B2C: a scope of its app registration, and not openid alone",
        ),
        (
            r"https://[^/]+/oauth2/(default|aus[0-9A-Za-z]+)",
            "Okta: at this custom authorization server, and not at the org's",
        ),
        (r"https?://[^/]+/adfs/services/trust", "AD FS: resource={api}"),
        (
            r".+/realms/[^/]+",
            'Keycloak: a mapper "Audience" with {api} in a client scope of the client',
        ),
        (r"https://cognito-idp\..+", "Cognito: its token_use is access"),
        (
            r"https://[^/]+\.zitadel\.cloud",
            'ZITADEL: the "Auth Token Type" JWT, and the scope '
            "urn:zitadel:iam:org:project:id:{id}:aud",
        ),
        (r"https://[^/]+\.logto\.app/oidc", "Logto: resource={api}"),
        (
            r"https://[^/]+\.kinde\.com",
            "Kinde: audience={api}, by an application that is authorized for the API",
        ),
        (
            r"https://(clerk\.[^/]+|[^/]+\.clerk\.accounts\.dev)",
            "Clerk: the session token of getToken(), or an OAuth token of the format JWT",
        ),
        (
            r"https://securetoken\.google\.com/.+",
            "Firebase: getIdToken(), and no custom token, session cookie or token of Google",
        ),
        (
            r"https://token\.actions\.githubusercontent\.com(/.+)?",
            "GitHub: core.getIDToken({api})",
        ),
    )
)

# The configured issuer, and why the tokens of its provider may have another one.
_OTHER_ISSUERS: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"https://[^/]+\.auth0\.com/", "Auth0: the custom domain, where clients use one"),
        (r"https://[^/]+\.b2clogin\.com/.+", "Azure AD B2C: issuer_with_policy, if it has /tfp/"),
        (r".+/realms/[^/]+", "Keycloak: KC_HOSTNAME makes it one for all addresses"),
        (
            r"https://securetoken\.google\.com/.+",
            "Firebase: getIdToken(), and no custom token, session cookie or token of Google",
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
    words = _of(issuer, _ASKING)
    if words is None:
        return None
    named = "..." if audience is None else audience
    return words.replace("{api}", "..." if audience is None else quoted(audience)).replace(
        "{id}", quoted(named)[1:-1]
    )


def other_issuers(issuer: str | None) -> str | None:
    """The reason why tokens of this provider have another issuer, where it is known."""
    return _of(issuer, _OTHER_ISSUERS)


def _of(issuer: str | None, table: tuple[tuple[re.Pattern[str], str], ...]) -> str | None:
    if issuer is None:
        return None
    return next((words for pattern, words in table if pattern.fullmatch(issuer)), None)


def asking_or(issuer: str | None, audience: str | None, otherwise: str) -> str:
    """The words of `asking`, or others where the provider is not known; in parentheses."""
    return f"({asking(issuer, audience) or otherwise})"


def of_legacy_secret(issuer: str | None) -> str | None:
    """The way from a shared secret to a key pair, where the provider is known."""
    if issuer is None or not _SUPABASE.fullmatch(issuer):
        return None
    return (
        'under "JWT Keys" of the Supabase project migrate the secret and rotate to the new key; '
        "until then write keys=SharedSecret(...)"
    )
