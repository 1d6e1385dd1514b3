"""Requirements held against the trusted issuers: one that nobody can meet is a mistake.

It judges no token. Where a resolver names issuers, it is not known before whose tokens come.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.claim_rules import BindingKind
from asgi_jwks.tokens.issuers import Issuer

__all__ = ["require_enforceable"]

_OPTIONS: Final[Mapping[BindingKind, str]] = {
    "dpop": 'dpop=DPoP(public_origin="https://...")',
    "certificate": "certificate_sources=[...]",
}


def require_enforceable(
    requirement: Requirement, trusted: Sequence[Issuer], *, where: str = "requires"
) -> None:
    """Refuse a requirement that the tokens of no trusted issuer could meet.

    Args:
        requirement: it was declared.
        trusted: all issuers whose tokens may come; none where that is not known.
        where: the place of the declaration, for the message.

    Raises:
        ConfigurationError: no token could meet it; the message says why.
    """
    obstacles = [next(_obstacles(requirement, issuer), None) for issuer in trusted]
    if not obstacles or None in obstacles:
        return
    # The issuer that the requirement names has the reason that helps.
    helpful = [
        obstacle
        for obstacle, issuer in zip(obstacles, trusted, strict=True)
        if not requirement.issuers or issuer.rules.issuer in requirement.issuers
    ]
    raise ConfigurationError(
        f"{where} demands {(helpful or obstacles)[0]}: every request would be refused."
    )


def _obstacles(needed: Requirement, issuer: Issuer) -> Iterator[str]:
    """The reasons why no token of an issuer could meet a requirement."""
    rules = issuer.rules
    if needed.issuers and rules.issuer not in needed.issuers:
        names = " or ".join(map(repr, needed.issuers))
        yield f"a token of {names}, and the issuers that are trusted are others"
    for binding in needed.bindings:
        if binding not in rules.proven_bindings:
            option = _OPTIONS[binding]
            yield f"binding={binding!r}, and no issuer that it may be of has {option}"
    grants, claims = rules.grants, rules.grant_claims
    for kind, wanted in (
        ("scopes", (*needed.scopes, *(name for group in needed.any_of for name in group))),
        ("permissions", needed.permissions),
        ("roles", needed.roles),
    ):
        if wanted and not getattr(claims, kind):
            yield f"{kind}, and the tokens of {rules.issuer} have no claim for them: grant_claims"
    if grants is None:
        return
    for name in (*needed.scopes, *needed.permissions, *needed.roles):
        if name not in grants:
            yield f"{name!r}, which is not among the grants of {rules.issuer}"
    for group in needed.any_of:
        if grants.isdisjoint(group):
            yield f"any_of={list(group)}, and none of it is among the grants of {rules.issuer}"
