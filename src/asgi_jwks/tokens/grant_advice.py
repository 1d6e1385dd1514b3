"""Advice to the operator on a token that is valid and grants too little.

The token is verified, so its names may stand in the text to write. A name that it has in another
place than the route looks for it is told before all else: client and provider are right, then.
"""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.errors import Advice, Unmet
from asgi_jwks.events.hint import Hint
from asgi_jwks.tokens.access_token import AccessToken, basis_of
from asgi_jwks.tokens.refused_token import listing
from asgi_jwks.tokens.scopes import granted_scopes, permissions, roles, unread_scopes

__all__ = ["advise_on_grant"]

# The parts of a requirement that a token meets by names, with the argument of `requires`.
_ARGUMENTS: Final = {"scope": "", "permission": "permissions=", "role": "roles="}

# As difflib measures it; "read:message" and "Read:Messages" are above it, other actions are not.
_NEARLY: Final = 0.85

_ASK: Final = "have the client ask for it, and the provider allow it for this user or client"
_MEND: Final[Mapping[str, str]] = {
    "scope": _ASK,
    "permission": _ASK,
    "role": "have the provider give it to this user or client, and write it into access tokens",
    "issuer": "have the client log in at the issuer that the route names",
}
_OTHERWISE: Final = "have the provider write it into access tokens"


def advise_on_grant(
    needed: Collection[str], token: AccessToken | None = None, unmet: Sequence[Unmet] = ()
) -> Advice:
    """The advice on a token that grants too little.

    Args:
        needed: the scopes and permissions that the challenge names.
        token: the token; None where it is not known.
        unmet: the parts that the token does not meet; none where only `needed` is known.
    """
    lacking = unmet or [Unmet("scope", name) for name in needed]
    if {part.kind for part in lacking} == {"condition"}:
        return Advice(
            Hint.CHECK,
            lambda: (
                "a condition of the route returned False for a token that is valid otherwise: look "
                "at the function in requires(condition=...)."
            ),
        )
    if token is None:
        return Advice(Hint.SCOPE, lambda: f"the route needs {_needs(lacking)}: {_mend(lacking)}.")
    return _by_another_place(lacking, token) or Advice(
        Hint.SCOPE, lambda: f"{_difference(lacking, token)}: {_mend(lacking)}."
    )


def _by_another_place(lacking: Sequence[Unmet], token: AccessToken) -> Advice | None:
    """The advice where the token has the name elsewhere, or nearly so."""
    unreadable = token.unreadable_grants
    if unreadable:
        claims = ", ".join(map(printable, unreadable))
        return Advice(
            Hint.UNREADABLE_GRANT,
            lambda: (
                f"the route needs {_needs(lacking)}, and the token's claim {claims}, which should "
                "grant it, cannot be read: say with grant_claims=GrantClaims(...) how your "
                "provider writes it, or use its preset."
            ),
        )
    named = [part for part in lacking if _base(part) in _ARGUMENTS]
    for part in named:
        found = _in_another_kind(part, lacking, token) or _left_out(part, token)
        if found is None:
            found = _spelled_otherwise(part, lacking, token)
        if found is not None:
            return found
    return _in_another_claim(lacking, token) if named else None


def _in_another_kind(part: Unmet, lacking: Sequence[Unmet], token: AccessToken) -> Advice | None:
    others = [k for k, n in _granted(token).items() if k != _base(part) and part.name in n]
    if not others:
        return None
    kind, write = others[0], f"requires({_ARGUMENTS[others[0]]}{quoted(part.name)})"
    return Advice(
        Hint.OTHER_GRANT,
        lambda: f"{_difference(lacking, token)}: if the route means the {kind}, write {write}.",
    )


def _left_out(part: Unmet, token: AccessToken) -> Advice | None:
    """The advice where `grants` of the issuer leaves out a name that the claims have."""
    if part.name not in _unbounded(token):
        return None
    return Advice(
        Hint.GRANTS,
        lambda: (
            f"the token's claims have {quoted(part.name)}, which grants=[...] of its issuer leaves "
            "out: add it there if this issuer's tokens may grant it."
        ),
    )


def _spelled_otherwise(part: Unmet, lacking: Sequence[Unmet], token: AccessToken) -> Advice | None:
    by_folded = {name.casefold(): name for name in _granted(token)[_base(part)]}
    close = get_close_matches(part.name.casefold(), by_folded, n=1, cutoff=_NEARLY)
    if not close:
        return None
    return Advice(
        Hint.GRANT_SPELLING,
        lambda: (
            f"the route needs {_needs(lacking)}, and the token grants "
            f"{quoted(by_folded[close[0]])}: compare how the route and the provider spell it."
        ),
    )


def _in_another_claim(lacking: Sequence[Unmet], token: AccessToken) -> Advice | None:
    if any(_granted(token).values()):
        return None
    unread = unread_scopes(token.claims, basis_of(token).reading.grant_claims)
    if not unread:
        return None
    claim = min(unread)
    return Advice(
        Hint.UNREADABLE_GRANT,
        lambda: (
            f"{_difference(lacking, token)}; its claim {claim} is not read: write "
            f'grant_claims=GrantClaims(scopes=("{claim}",)) if your provider writes scopes there.'
        ),
    )


def _granted(token: AccessToken) -> dict[str, tuple[str, ...]]:
    return {"scope": token.scopes, "permission": token.permissions, "role": token.roles}


def _unbounded(token: AccessToken) -> Collection[str]:
    """The names of the token's claims, those that its issuer may not grant included."""
    grants = basis_of(token).reading.grant_claims
    read = (granted_scopes, permissions, roles)
    return {name for names in read for name in names(token.claims, grants)}


def _difference(lacking: Sequence[Unmet], token: AccessToken) -> str:
    granted = [
        f"the {kind}{'s' if len(names) > 1 else ''} {listing(names)}"
        for kind, names in _granted(token).items()
        if names
    ]
    return (
        f"the route needs {_needs(lacking)}, and the token grants {' and '.join(granted) or 'none'}"
    )


def _needs(lacking: Sequence[Unmet]) -> str:
    by_kind: dict[str, list[str]] = {}
    for part in lacking:
        by_kind.setdefault(part.kind, []).append(part.name)
    return " and ".join(_some(kind, tuple(names)) for kind, names in by_kind.items()) or "more"


def _base(part: Unmet) -> str:
    return "scope" if part.kind == "any_of" else part.kind


def _some(kind: str, names: tuple[str, ...]) -> str:
    if kind == "any_of":
        return f"one of the scopes {listing(names)}"
    plural = "s" if len(names) > 1 and kind in {*_ARGUMENTS, "issuer"} else ""
    return f"the {kind}{plural} {listing(names)}"


def _mend(lacking: Sequence[Unmet]) -> str:
    return _MEND.get(_base(lacking[0]) if lacking else "scope", _OTHERWISE)
