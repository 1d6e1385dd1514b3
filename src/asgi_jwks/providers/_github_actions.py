"""GitHub Actions: tokens of workflow runs."""

import re
from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_name
from asgi_jwks.providers.preset import (
    ClaimAmong,
    Preset,
    PresetOptions,
    ProviderIssuer,
    names,
    trusted,
)
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, HasClaim

__all__ = ["github_actions"]

_ISSUER: Final = "https://token.actions.githubusercontent.com"
# An underscore is in the names of users that an enterprise manages.
_OWNER: Final = re.compile(r"[A-Za-z0-9_-]+")
_REPOSITORY: Final = re.compile(rf"{_OWNER.pattern}/[A-Za-z0-9._-]+")


def github_actions(
    *,
    audience: str | Iterable[str],
    repositories: str | Iterable[str] | None = None,
    repository_owners: str | Iterable[str] | None = None,
    enterprise: str | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Workflow runs of GitHub Actions, by their OpenID Connect tokens.

    Such a token has `repository` and `job_workflow_ref`. Any workflow of anybody on GitHub can ask
    for any audience, so the repositories or their owners have to be named.

    Args:
        audience: as the workflow asks for it.
        repositories: "OWNER/NAME" of each repository that is accepted.
        repository_owners: instead, the organizations or users whose repositories all are.
        enterprise: the slug, where the enterprise has an issuer of its own.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: neither repositories nor owners are named, or both; or an option is
            wrong.

    Source: GitHub docs, "OpenID Connect reference".
    """
    if (repositories is None) == (repository_owners is None):
        raise ConfigurationError(
            "Any workflow on GitHub can ask for a token for any audience. Write "
            'repositories=["example/deploy"] for the repositories that are accepted, or '
            'repository_owners=["example"] for all of their owners\' repositories.'
        )
    slug = "" if enterprise is None else require_name("enterprise", enterprise, example="example")
    if repositories is not None:
        accepted = names("repositories", repositories, example="example/deploy")
        for name in accepted:
            if not _REPOSITORY.fullmatch(name):
                raise ConfigurationError(
                    f'A repository is "OWNER/NAME", and no pattern of names; got {name!r}. Write '
                    'for example repositories=["example/deploy"].'
                )
        check = ClaimAmong("repository", frozenset(accepted))
    else:
        owners = names("repository_owners", repository_owners or (), example="example")
        for name in owners:
            if not _OWNER.fullmatch(name):
                raise ConfigurationError(
                    f"repository_owners are names without a slash, and no patterns; got {name!r}. "
                    'Write repositories=["example/deploy"] for a repository.'
                )
        check = ClaimAmong("repository_owner", frozenset(owners))
    preset = Preset(
        provider="github_actions",
        issuer=f"{_ISSUER}/{slug}" if slug else _ISSUER,
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=AllOf(HasClaim("repository"), HasClaim("job_workflow_ref"))),
        grant_claims=GrantClaims(client=("repository",)),
        checks=(check,),
        notes=(
            "Branches, environments and pull requests are in sub, ref and event_name.",
            "A name can be taken by others once it is given up; repository_id stays.",
        ),
    )
    return trusted(preset, options)
