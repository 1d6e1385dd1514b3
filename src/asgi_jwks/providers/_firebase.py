"""Firebase Authentication: the ID token of a user, which APIs get."""

from typing import Final, Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIsObject

__all__ = ["firebase"]

_KEYS: Final = (
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
)


def firebase(project_id: str, **options: Unpack[PresetOptions]) -> ProviderIssuer:
    """Firebase, and Identity Platform, whose ID token is the credential for APIs.

    It has an object `firebase`. Session cookies and the events of blocking functions have another
    issuer and other keys.

    Args:
        project_id: the project ID, not its number.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: it is a project number, or an option is wrong.

    Source: Firebase docs, "Verify ID tokens using a third-party JWT library".
    """
    project = require_name("project_id", project_id, example="example-project")
    if project.isdigit():
        raise ConfigurationError(
            f"{project!r} is the project number; tokens have the project ID. Write for example "
            'project_id="example-project".'
        )
    preset = Preset(
        provider="firebase",
        issuer=f"https://securetoken.google.com/{project}",
        audience=(project,),
        jwks_uri=_KEYS,
        kind=KindRule(proof=ClaimIsObject("firebase")),
        grant_claims=GrantClaims(scopes=(), client=()),
        notes=(
            "Roles are custom claims: give their names in grant_claims.",
            "A user can have signed in anonymously: firebase.sign_in_provider says how.",
        ),
    )
    return trusted(preset, options)
