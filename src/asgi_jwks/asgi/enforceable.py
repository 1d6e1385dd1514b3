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

# As many names as a reader takes in.
_MOST_NAMES: Final = 5

_OPTIONS: Final[Mapping[BindingKind, str]] = {
    "dpop": 'dpop=DPoP(public_origin="https://...")',
    "certificate": "certificate_sources=[TLSExtension()]",
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
    helpful: tuple[str, str] | None = None
    for issuer in trusted:
        obstacle = next(_obstacles(requirement, issuer, trusted), None)
        if obstacle is None:
            return
        # The issuer that the requirement names has the reason that helps.
        if helpful is None or issuer.rules.issuer in requirement.issuers:
            helpful = obstacle
    if helpful is not None:
        fault, remedy = helpful
        raise ConfigurationError(
            f"{where} demands {fault}: every request would be refused. {remedy}"
        )


def _obstacles(
    needed: Requirement, issuer: Issuer, trusted: Sequence[Issuer]
) -> Iterator[tuple[str, str]]:
    """The reasons why no token of an issuer could meet it, with remedies."""
    rules = issuer.rules
    if needed.issuers and rules.issuer not in needed.issuers:
        names = " or ".join(map(repr, needed.issuers))
        known = ", ".join(repr(each.rules.issuer) for each in trusted[:_MOST_NAMES])
        yield (
            f"a token of {names}, and the issuers that are trusted are others",
            f"Trust it with a TrustedIssuer of its own, or name one of those that are: {known}.",
        )
    for binding in needed.bindings:
        if binding not in rules.proven_bindings:
            yield (
                f"binding={binding!r}, and no issuer that it may be of has proofs of it",
                f"Write {_OPTIONS[binding]} for the issuer, or leave the binding out.",
            )
    grants, claims = rules.grants, rules.grant_claims
    for kind, wanted in (
        ("scopes", (*needed.scopes, *(name for group in needed.any_of for name in group))),
        ("permissions", needed.permissions),
        ("roles", needed.roles),
    ):
        if wanted and not getattr(claims, kind):
            yield (
                f"{kind}, and the tokens of {rules.issuer} have no claim for them",
                f'Write grant_claims=GrantClaims({kind}=["..."]) for that issuer.',
            )
    if grants is None:
        return
    remedy = f"Add it to grants=[...] of {rules.issuer}, or demand another."
    for name in (*needed.scopes, *needed.permissions, *needed.roles):
        if name not in grants:
            yield f"{name!r}, which is not among the grants of {rules.issuer}", remedy
    for group in needed.any_of:
        if grants.isdisjoint(group):
            yield (
                f"any_of={list(group)}, and none of it is among the grants of {rules.issuer}",
                remedy,
            )
