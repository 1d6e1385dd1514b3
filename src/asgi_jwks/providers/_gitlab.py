"""GitLab CI/CD: ID tokens of jobs."""

import re
from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer
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
from asgi_jwks.tokens.proofs import HasClaim

__all__ = ["gitlab"]

_SHARED: Final = "https://gitlab.com"
_EVERY_JOB: Final = (
    "Every job of the instance can ask for any audience: name projects or a namespace."
)
# GitLab docs, "Reserved project and group names": the characters of a path; groups have groups.
_PATH: Final = re.compile(r"[\w.-]+(/[\w.-]+)*", re.ASCII)


def gitlab(
    url: str = _SHARED,
    *,
    audience: str | Iterable[str],
    projects: str | Iterable[str] | None = None,
    namespaces: str | Iterable[str] | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Jobs of GitLab CI/CD, by the tokens of their `id_tokens`.

    Such a token has `project_path`; ID tokens of users do not. Every job can ask for any audience.
    On gitlab.com they are anybody's, so projects or namespaces have to be named there.

    Args:
        url: the instance.
        audience: as the job asks for it, `aud` of its `id_tokens`.
        projects: "GROUP/PROJECT" of each project that is accepted.
        namespaces: instead, the groups or users all of whose direct projects are.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: neither or both are named, or an option is wrong.

    Source: GitLab docs, "OIDC authentication using ID tokens".
    """
    issuer = require_issuer("url", url, example="https://gitlab.example.com").rstrip("/")
    given = (projects is not None) + (namespaces is not None)
    if given > 1 or (issuer == _SHARED and not given):
        raise ConfigurationError(
            "Jobs of anybody on gitlab.com can ask for a token for any audience. Write "
            'projects=["example/deploy"] for the projects that are accepted, or '
            'namespaces=["example"] for all projects of these.'
        )
    checks: tuple[ClaimAmong, ...] = ()
    if projects is not None:
        accepted = _paths("projects", projects, example="example/deploy", slashes=1)
        checks = (ClaimAmong("project_path", accepted),)
    elif namespaces is not None:
        accepted = _paths("namespaces", namespaces, example="example", slashes=0)
        checks = (ClaimAmong("namespace_path", accepted),)
    preset = Preset(
        provider="gitlab",
        issuer=issuer,
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=HasClaim("project_path")),
        grant_claims=GrantClaims(client=("project_path",)),
        checks=checks,
        notes=(
            *(() if checks else (_EVERY_JOB,)),
            "Branches and environments are in ref, ref_protected and environment.",
            "A path can be taken by others once it is given up; project_id stays.",
        ),
    )
    return trusted(preset, options)


def _paths(
    option: str, values: str | Iterable[str], *, example: str, slashes: int
) -> frozenset[str]:
    """Full paths as GitLab writes them, with at least so many slashes.

    Raises:
        ConfigurationError: one is a URL or a pattern, has a slash at an end, or is too short.
    """
    paths = names(option, values, example=example)
    for path in paths:
        if not _PATH.fullmatch(path) or path.count("/") < slashes:
            raise ConfigurationError(
                f"{option} are paths as in the address of the page, without the instance; got "
                f"{path!r}. Write for example {option}=[{example!r}]."
            )
    return frozenset(paths)
