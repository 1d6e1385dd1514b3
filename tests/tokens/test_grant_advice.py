"""A token that is valid and grants too little: the operator reads where the difference is."""

from typing import Any

import pytest

from asgi_jwks import AccessToken, Requirement
from asgi_jwks.errors import InsufficientScope, Unmet
from asgi_jwks.events import Hint
from asgi_jwks.tokens.grant_advice import advise_on_grant
from asgi_jwks.tokens.principal import Basis, ClaimReading

ISSUER = "https://example.eu.auth0.com/"


def token(*, grants: frozenset[str] | None = None, **claims: Any) -> AccessToken:
    return AccessToken(
        {"iss": ISSUER, "sub": "ada", **claims}, None, Basis(ClaimReading(grants=grants))
    )


def refusal(needed: Requirement, has: AccessToken) -> InsufficientScope:
    with pytest.raises(InsufficientScope) as caught:
        needed.check(has)
    return caught.value


CASES: dict[str, tuple[Requirement, AccessToken, Hint, str]] = {
    "a scope": (
        Requirement("write", "list"),
        token(scope="read list"),
        Hint.SCOPE,
        "needs the scope 'write', and the token grants the scopes 'read', 'list': have the client",
    ),
    "nothing granted": (Requirement("write"), token(), Hint.SCOPE, "the token grants none: have"),
    "one of several": (
        Requirement(any_of=["write", "admin"]),
        token(scope="read"),
        Hint.SCOPE,
        "needs one of the scopes 'write', 'admin', and",
    ),
    "a permission": (
        Requirement(permissions=["write", "delete"]),
        token(permissions=["read"]),
        Hint.SCOPE,
        "needs the permissions 'write', 'delete', and the token grants the permission 'read'",
    ),
    "a role": (
        Requirement(roles="admin"),
        token(roles=["user"]),
        Hint.SCOPE,
        "needs the role 'admin', and the token grants the role 'user': have the provider give it",
    ),
    "a claim": (
        Requirement(claims={"org": "a"}),
        token(org="b"),
        Hint.SCOPE,
        "needs the claim org 'a', and the token grants none: have the provider write it",
    ),
    "an issuer": (
        Requirement(issuer="https://staff.example/"),
        token(),
        Hint.SCOPE,
        "needs the issuer 'https://staff.example/', and the token grants none: have the client",
    ),
    "a condition": (
        Requirement("read", condition=lambda _: False),
        token(scope="read"),
        Hint.CHECK,
        "a condition of the route returned False",
    ),
    "a scope that is a permission": (
        Requirement("write"),
        token(permissions=["write"]),
        Hint.OTHER_GRANT,
        "if the route means the permission, write requires(permissions='write').",
    ),
    "a scope that is a role": (
        Requirement("admin"),
        token(roles=["admin"]),
        Hint.OTHER_GRANT,
        "if the route means the role, write requires(roles='admin').",
    ),
    "a permission that is a scope": (
        Requirement(permissions="write"),
        token(scope="write"),
        Hint.OTHER_GRANT,
        "if the route means the scope, write requires('write').",
    ),
    "left out by grants": (
        Requirement("write"),
        token(scope="read write", grants=frozenset({"read"})),
        Hint.GRANTS,
        "the token's claims have 'write', which grants=[...] of its issuer leaves out",
    ),
    "a misspelled scope": (
        Requirement("read:messages"),
        token(scope="openid Read:message"),
        Hint.GRANT_SPELLING,
        "grants 'Read:message': compare how the route and the provider spell it",
    ),
    "a claim that cannot be read": (
        Requirement("write"),
        token(scope={"write": True}),
        Hint.UNREADABLE_GRANT,
        "the token's claim scope, which should grant it, cannot be read",
    ),
    # Laravel Passport and cidaas write scopes.
    "a claim that is not read": (
        Requirement("write"),
        token(scopes=["write"]),
        Hint.UNREADABLE_GRANT,
        'its claim scopes is not read: write grant_claims=GrantClaims(scopes=("scopes",))',
    ),
}


@pytest.mark.parametrize(("needed", "has", "hint", "words"), CASES.values(), ids=CASES)
def test_the_difference_is_told(
    needed: Requirement, has: AccessToken, hint: Hint, words: str
) -> None:
    """P4, N10, G9: what the route needs by its kind, and where the token has it."""
    error = refusal(needed, has)
    advice = advise_on_grant(error.scopes, has, error.unmet)
    assert advice.hint == hint
    assert words in advice.sentence


def test_an_application_s_own_refusal_names_scopes() -> None:
    """P4, B12: frameworks and endpoints raise it too, with a token or without one."""
    assert "needs the scope 'write': have" in advise_on_grant(["write"]).sentence
    assert "needs the scope 'write', and the token grants the scope 'read'" in (
        advise_on_grant(["write"], token(scope="read")).sentence
    )
    assert advise_on_grant([], token()).sentence.startswith("the route needs more, and the token")


def test_only_the_parts_that_are_not_met_are_named() -> None:
    """P4: a challenge names all of them, and the log the difference."""
    error = refusal(Requirement("read", "write", roles="admin"), token(scope="read"))
    assert error.unmet == (Unmet("scope", "write"), Unmet("role", "admin"))
    assert error.scopes == ("read", "write")
