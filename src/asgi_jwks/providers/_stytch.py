"""Stytch: session JWTs, M2M tokens, and access tokens of Connected Apps."""

from typing import Final, Unpack

from asgi_jwks._options import require_text
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AnyOf, ClaimIsObject, HasClaim

__all__ = ["stytch"]

_SESSION: Final = "https://stytch.com/session"
_ENVIRONMENTS: Final = {"project-live-": "api", "project-test-": "test"}


def stytch(
    project_id: str, *, issuer: str | None = None, **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Stytch, by the project ID of its dashboard.

    A session JWT has the object `https://stytch.com/session`; M2M tokens and access tokens of
    Connected Apps have a `scope`. Roles are those of the session.

    Args:
        project_id: of the project: "project-live-1234abcd". It is the audience of all its tokens.
        issuer: `iss`, where it is not stytch.com/PROJECT: "https://login.example.com" with a custom
            domain.
        options: further options of a TrustedIssuer; `jwks_uri` for B2B projects, whose keys are at
            https://api.stytch.com/v1/b2b/sessions/jwks/PROJECT.

    Raises:
        ConfigurationError: the project ID is neither of a live nor of a test project, or an option
            is wrong.

    Sources: stytchauth/stytch-python, sessions.py; Stytch docs, "Connected App Access Token",
    "Connected App ID Token".
    """
    project = require_name("project_id", project_id, example="project-live-1234abcd")
    hosts = [host for begins, host in _ENVIRONMENTS.items() if project.startswith(begins)]
    if not hosts:
        raise ConfigurationError(
            "project_id must begin with project-live- or project-test-; got "
            f"{project_id!r}. Write for example project_id='project-live-1234abcd'."
        )
    own = f"stytch.com/{project}"
    preset = Preset(
        provider="stytch",
        issuer=own
        if issuer is None
        else require_text("issuer", issuer, example="https://login.example.com"),
        audience=(project,),
        jwks_uri=f"https://{hosts[0]}.stytch.com/v1/sessions/jwks/{project}",
        kind=KindRule(proof=AnyOf(ClaimIsObject(_SESSION), HasClaim("scope"))),
        grant_claims=GrantClaims(
            roles=((_SESSION, "roles"),), groups=(), permissions=(), client=("client_id",)
        ),
        notes=("The audience is the project, so it is the same for every API of it.",),
    )
    return trusted(preset, options)
