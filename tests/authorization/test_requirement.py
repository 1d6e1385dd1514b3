"""What a route may demand of a token: each part by itself, and how a wrong one is told."""

from typing import Any

import pytest

from asgi_jwks import AccessToken, ConfigurationError, InsufficientScope, Reason, requires
from asgi_jwks.authorization.requirement import Requirement

anywhere = pytest.mark.anyio


def token(**claims: object) -> AccessToken:
    """A token as if it had been verified, which grants two scopes, a permission and a role."""
    granted = {
        "scope": "read write",
        "permissions": ["delete:user", "löschen"],
        "roles": ["editor"],
        "realm_access": {"roles": ["admin", "auditor"]},
        "https://example.com/plan": "gold",
    }
    verified = {"iss": "https://issuer.example/", "exp": 4_000_000_000, **granted, **claims}
    return AccessToken(verified, verified)


def is_staff(access: AccessToken) -> bool:
    return access.claims.get("staff") is True


async def is_staff_of_the_database(access: AccessToken) -> bool:
    return access.claims.get("staff") is True


@pytest.mark.parametrize(
    "needed",
    [
        pytest.param(Requirement("read"), id="a scope"),
        pytest.param(Requirement("read", "write"), id="two scopes"),
        pytest.param(Requirement(any_of=["admin", "write"]), id="one of two"),
        pytest.param(Requirement(any_of="write"), id="one of one"),
        pytest.param(Requirement(permissions=["delete:user"]), id="a permission"),
        pytest.param(Requirement(permissions="löschen"), id="a permission that is not ASCII"),
        pytest.param(Requirement(roles="editor"), id="a role"),
        pytest.param(Requirement(claims={"realm_access.roles": "admin"}), id="a nested claim"),
        pytest.param(
            Requirement(claims={("realm_access", "roles"): ["admin", "auditor"]}),
            id="two values of a nested claim",
        ),
        pytest.param(
            Requirement(claims={("https://example.com/plan",): "gold"}), id="a claim with dots"
        ),
        pytest.param(Requirement(issuer="https://issuer.example/"), id="an issuer"),
        pytest.param(Requirement(issuer=["a", "https://issuer.example/"]), id="one of two issuers"),
        pytest.param(Requirement("read", any_of=["write"], permissions=["delete:user"]), id="all"),
        pytest.param(
            Requirement(condition=lambda access: access.claims["scope"] == "read write"),
            id="a condition",
        ),
    ],
)
@anywhere
async def test_a_token_that_grants_what_is_required_passes(needed: Requirement) -> None:
    """B3, P2"""
    needed.check(token())
    await needed.enforce(token())


@pytest.mark.parametrize(
    ("needed", "named"),
    [
        pytest.param(Requirement("admin"), ("admin",), id="a scope"),
        pytest.param(Requirement("read", "admin"), ("read", "admin"), id="one of two scopes"),
        pytest.param(Requirement(any_of=["admin", "root"]), ("admin", "root"), id="none of two"),
        pytest.param(Requirement(permissions="create:user"), ("create:user",), id="a permission"),
        pytest.param(
            Requirement("read", any_of=["read", "x"], permissions=["y"]),
            ("read", "x", "y"),
            id="each name once",
        ),
        pytest.param(Requirement("rea"), ("rea",), id="the beginning of a name"),
        pytest.param(Requirement(roles=["editor", "owner"]), (), id="one of two roles"),
        pytest.param(Requirement(roles="admin"), (), id="a role of another claim"),
        pytest.param(Requirement(claims={"realm_access.roles": "owner"}), (), id="a nested claim"),
        pytest.param(Requirement(claims={"realm_access": "roles"}), (), id="the name of a member"),
        pytest.param(Requirement(claims={"roles.editor": "x"}), (), id="a path through an array"),
        pytest.param(Requirement(claims={"absent.roles": "x"}), (), id="a path that is absent"),
        pytest.param(Requirement(claims={"scope": "read"}), (), id="a part of a string"),
        pytest.param(Requirement(claims={"exp": "4000000000"}), (), id="a claim of another type"),
        pytest.param(Requirement(issuer="https://issuer.example"), (), id="an issuer but a slash"),
        pytest.param(Requirement("read", condition=is_staff), ("read",), id="a condition"),
    ],
)
@anywhere
async def test_a_token_that_grants_too_little_is_told_all_that_is_needed(
    needed: Requirement, named: tuple[str, ...]
) -> None:
    """B3: insufficient_scope names the scopes."""
    with pytest.raises(InsufficientScope) as refused:
        needed.check(token())
    assert refused.value.scopes == named
    assert refused.value.reason is Reason.INSUFFICIENT_SCOPE
    with pytest.raises(InsufficientScope):
        await needed.enforce(token())


def test_every_option_must_be_met() -> None:
    """B3"""
    needed = Requirement(
        "read", any_of=["x", "write"], permissions="delete:user", roles="editor", issuer="i"
    )
    needed.check(token(iss="i"))
    too_little: list[dict[str, Any]] = [
        {"scope": "write"},
        {"scope": "read"},
        {"permissions": []},
        {"roles": []},
        {"iss": "j"},
    ]
    for missing in too_little:
        with pytest.raises(InsufficientScope):
            needed.check(token(**{"iss": "i", **missing}))


def test_claims_of_a_type_of_ones_own_do_not_pass_by_a_path() -> None:
    """Fail closed: only claims as they were verified can be looked at by name."""
    converted: Any = token().with_claims(lambda claims: object())
    with pytest.raises(InsufficientScope):
        Requirement(claims={"realm_access.roles": "admin"}).check(converted)


# A condition of the application's own.


@anywhere
async def test_a_condition_may_be_async() -> None:
    """G10"""
    needed = Requirement(condition=is_staff_of_the_database)
    await needed.enforce(token(staff=True))
    with pytest.raises(InsufficientScope):
        await needed.enforce(token())


def test_an_async_condition_is_not_passed_where_nobody_can_wait_for_it() -> None:
    """G10: a coroutine is truthy."""
    with pytest.raises(TypeError, match="is async"):
        Requirement(condition=is_staff_of_the_database).check(token(staff=True))


class Later:
    """Something to be awaited that is not a coroutine."""

    def __await__(self) -> Any:
        yield


def test_whatever_can_be_awaited_counts_as_async() -> None:
    """G10"""
    later: Any = Later()
    with pytest.raises(TypeError, match="is async"):
        Requirement(condition=lambda _: later).check(token())


@pytest.mark.parametrize("answer", [1, "yes", None, 0, [], Ellipsis], ids=repr)
@anywhere
async def test_a_condition_passes_by_true_alone(answer: Any) -> None:
    """G10: any other value is an error of the application."""

    def condition(_: AccessToken) -> Any:
        return answer

    needed = Requirement(condition=condition)
    sentence = r"^the condition <function .*condition at .*> must return True or False; got "
    with pytest.raises(TypeError, match=sentence):
        needed.check(token())
    with pytest.raises(TypeError, match=sentence):
        await needed.enforce(token())


def test_a_condition_is_not_asked_about_a_token_that_grants_too_little() -> None:
    with pytest.raises(InsufficientScope):
        Requirement("admin", condition=lambda _: pytest.fail("it was asked")).check(token())


def test_an_exception_of_a_condition_is_the_application_s_own_error() -> None:
    """G10: it is not a refusal."""
    with pytest.raises(KeyError):
        Requirement(condition=lambda access: bool(access.claims["absent"])).check(token())


# Wrong shapes.


def test_something_is_required() -> None:
    """F14"""
    with pytest.raises(ConfigurationError) as error:
        requires()
    assert str(error.value) == 'requires() requires nothing. Write requires("read:messages").'


@pytest.mark.parametrize("option", ["any_of", "permissions", "roles", "claims", "issuer"])
def test_an_option_that_is_empty_does_not_open_the_route(option: str) -> None:
    """A11: a list that a setting has left empty."""
    empty: Any = {option: {} if option == "claims" else []}
    with pytest.raises(ConfigurationError, match=rf"^{option} (is empty|must be)"):
        requires("read", **empty)


def test_a_list_of_scopes_is_refused_with_the_way_to_write_it() -> None:
    """A11: `requires(["a", "b"])`."""
    listed: Any = ["read", "write"]
    with pytest.raises(ConfigurationError) as error:
        requires(listed)
    assert str(error.value) == (
        "scopes must be names without spaces and quotes, one string each; got (['read', 'write'],)."
        ' Write requires("read:messages", "write:messages").'
    )


@pytest.mark.parametrize("scope", ["a b", "", 'a"b', "a\\b", "a\n", "ä", 5, None, b"read"])
def test_a_scope_is_a_name_that_a_token_can_grant(scope: Any) -> None:
    """A11: RFC 6749, section 3.3."""
    with pytest.raises(ConfigurationError, match=r"^scopes must be names without spaces"):
        requires("read", scope)
    with pytest.raises(ConfigurationError, match=r"^any_of must be"):
        requires(any_of=[scope])


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("any_of", 5),
        ("any_of", "read write"),
        ("permissions", ["a b"]),
        ("permissions", [""]),
        ("permissions", ["a\n"]),
        ("permissions", {"a": 1}.values()),
        ("roles", [None]),
        ("roles", True),
        ("issuer", 1),
        ("claims", "realm_access.roles"),
        ("claims", ["realm_access.roles"]),
        ("claims", {"realm_access.roles": []}),
        ("claims", {"email_verified": True}),
        ("condition", True),
        ("condition", "is_staff"),
    ],
)
def test_a_part_of_the_wrong_form_is_told_by_its_name(option: str, value: object) -> None:
    """A11, F14"""
    wrong: Any = {option: value}
    with pytest.raises(ConfigurationError, match=rf"^{option} "):
        requires("read", **wrong)


@pytest.mark.parametrize(
    ("options", "what_to_write"),
    [
        ({"any_of": []}, "any_of=['read:messages']."),
        ({"permissions": []}, "permissions=['delete:user']."),
        ({"permissions": "a b"}, "requires(permissions=['delete:user'])."),
        ({"roles": 5}, "roles=['admin']."),
        ({"claims": {"a": 5}}, "claims=['admin']."),
        ({"issuer": []}, "issuer=['https://example.eu.auth0.com/']."),
        ({"acr": []}, "acr=['urn:example:mfa']."),
        ({"acr": "a b"}, "requires(acr=['urn:example:mfa'])."),
        ({"condition": 5}, "must be a callable, `condition(access_token)`; got 5."),
    ],
)
def test_the_sentence_ends_with_the_way_to_write_it(options: Any, what_to_write: str) -> None:
    """A11"""
    with pytest.raises(ConfigurationError) as error:
        requires("read", **options)
    assert str(error.value).endswith(what_to_write)


@pytest.mark.parametrize("path", ["", "a..b", (), ("a", 1), 5, "https://example.com/roles"])
def test_a_claim_is_named_by_its_path(path: Any) -> None:
    """A11: dots and slashes of a name must not be taken for a path."""
    with pytest.raises(ConfigurationError, match=r"claim"):
        requires(claims={path: "admin"})


def test_a_requirement_is_a_value() -> None:
    first, second = (Requirement("read", claims={"realm_access.roles": "a"}) for _ in range(2))
    assert first == second
    assert {first: "as a key"}[second]
    assert requires("read").requirement == Requirement("read")
