import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.grant_claims import DEFAULT_GRANT_CLAIMS, GrantClaim, GrantClaims, all_strings
from asgi_jwks.tokens.scopes import (
    client_id,
    granted_scopes,
    groups,
    permissions,
    roles,
    unread_scopes,
    unreadable_grants,
)


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, ()),
        ({"scope": ""}, ()),
        ({"scope": None}, ()),
        ({"scope": "read:a write:b"}, ("read:a", "write:b")),
        ({"scope": "  read:a  write:b "}, ("read:a", "write:b")),
        ({"scope": "a\tb"}, ("a\tb",)),
        ({"scope": ["a", "b c"]}, ("a", "b c")),
        ({"scp": "a b"}, ("a", "b")),
        ({"scp": ["a", "b c"]}, ("a", "b c")),
        ({"scp": ["a", ""]}, ("a",)),
        ({"scp": []}, ()),
        ({"scp": "a\tb"}, ("a\tb",)),
        ({"scope": "a", "scp": ["b"]}, ("a", "b")),
        ({"scope": "a", "scp": "b"}, ("a", "b")),
        ({"scope": ["b", "a"], "scp": "a b c"}, ("b", "a", "c")),
    ],
)
def test_scopes_are_read_in_all_spellings(claims: dict[str, Any], scopes: tuple[str, ...]) -> None:
    """G9: a string is separated by spaces, elements of an array are not; both are united."""
    assert granted_scopes(claims) == scopes
    assert unreadable_grants(claims) == ()


UNREADABLE: list[object] = [1, {}, {"a": 1}, True, 1.5, [1], ["a", None], [["a"]], [{}], ["a", 1]]


@pytest.mark.parametrize("value", UNREADABLE, ids=repr)
@pytest.mark.parametrize("name", ["scope", "scp", "roles", "groups", "permissions"])
def test_a_grant_that_cannot_be_read_grants_nothing_and_is_named(name: str, value: object) -> None:
    """G9: not even the part of it that could be read."""
    claims = {name: value}
    assert granted_scopes(claims) == roles(claims) == groups(claims) == permissions(claims) == ()
    assert unreadable_grants(claims) == (name,)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (["Admin", "read all"], ("Admin", "read all")),
        ("Domain Admins", ("Domain Admins",)),
        ("", ()),
        ([], ()),
        (None, ()),
        (["a", "a", ""], ("a",)),
    ],
)
def test_a_role_may_have_a_space_in_its_name(value: object, names: tuple[str, ...]) -> None:
    """G9: only scopes are separated by spaces."""
    assert roles({"roles": value}) == names
    assert groups({"groups": value}) == names
    assert permissions({"permissions": value}) == names


class TestWhereTheyAre:
    def test_a_dotted_path_leads_into_objects(self) -> None:
        """P3: Keycloak."""
        where = GrantClaims(roles=("realm_access.roles", ("resource_access", "my.api", "roles")))
        claims = {
            "realm_access": {"roles": ["admin"]},
            "resource_access": {"my.api": {"roles": ["editor"]}, "my": {"api": {"roles": ["x"]}}},
        }
        assert roles(claims, where) == ("admin", "editor")

    @pytest.mark.parametrize(
        "name", ["https://example.com/roles", "urn:zitadel:iam:org:project:roles", "a.b"]
    )
    def test_a_tuple_of_one_is_a_name_with_any_characters(self, name: str) -> None:
        where = GrantClaims(roles=((name,),), groups=("cognito:groups",))
        assert roles({name: ["a"]}, where) == ("a",)
        assert groups({"cognito:groups": ["g"]}, where) == ("g",)

    @pytest.mark.parametrize("between", ["x", [], 1, True])
    def test_a_path_through_something_that_is_not_an_object_cannot_be_read(
        self, between: object
    ) -> None:
        where = GrantClaims(roles=("realm_access.roles",))
        assert roles({"realm_access": between}, where) == ()
        assert unreadable_grants({"realm_access": between}, where) == ("realm_access.roles",)

    @pytest.mark.parametrize("claims", [{}, {"realm_access": None}, {"realm_access": {}}])
    def test_a_path_that_ends_early_is_an_absent_claim(self, claims: dict[str, Any]) -> None:
        where = GrantClaims(roles=("realm_access.roles",))
        assert roles(claims, where) == ()
        assert unreadable_grants(claims, where) == ()

    def test_roles_may_be_the_member_names_of_an_object(self) -> None:
        """P3: ZITADEL."""
        where = GrantClaims(
            roles=(GrantClaim(("urn:zitadel:iam:org:project:roles",), "member names"),)
        )
        granted = {"admin": {"17": "example.com"}, "reader": {}}
        assert roles({"urn:zitadel:iam:org:project:roles": granted}, where) == ("admin", "reader")
        unreadable = {"urn:zitadel:iam:org:project:roles": ["admin"]}
        assert roles(unreadable, where) == ()
        assert unreadable_grants(unreadable, where) == ("urn:zitadel:iam:org:project:roles",)

    def test_roles_may_be_objects_with_a_name(self) -> None:
        """P3: Casdoor."""
        where = GrantClaims(roles=(GrantClaim("roles", "objects with a name"),))
        assert roles({"roles": [{"name": "admin", "owner": "x"}]}, where) == ("admin",)
        for value in ([{"name": "a"}, {}], [{"name": 1}], ["admin"], "admin", {"name": "a"}):
            assert roles({"roles": value}, where) == ()
            assert unreadable_grants({"roles": value}, where) == ("roles",)

    def test_the_value_says_how_it_was_written(self) -> None:
        assert GrantClaim("a.b") == GrantClaim(("a", "b"))
        assert GrantClaims(roles=("a",)) == GrantClaims(roles=(GrantClaim("a"),))
        assert GrantClaims() == DEFAULT_GRANT_CLAIMS
        assert hash(GrantClaims()) == hash(DEFAULT_GRANT_CLAIMS)


class TestTheClient:
    @pytest.mark.parametrize(
        ("claims", "client"),
        [
            ({}, None),
            ({"client_id": "a", "azp": "b", "cid": "c", "appid": "d"}, "a"),
            ({"azp": "b", "cid": "c", "appid": "d"}, "b"),
            ({"cid": "c", "appid": "d"}, "c"),
            ({"appid": "d"}, "d"),
            ({"client_id": 1, "azp": "b"}, "b"),
            ({"client_id": "", "azp": "b"}, "b"),
            ({"client_id": ["a"]}, None),
            ({"client_id": None}, None),
        ],
    )
    def test_the_client_in_the_words_of_providers(
        self, claims: dict[str, Any], client: str | None
    ) -> None:
        assert client_id(claims) == client

    def test_the_client_where_a_preset_says(self) -> None:
        where = GrantClaims(client=("applicationId",))
        assert client_id({"applicationId": "a", "client_id": "b"}, where) == "a"
        assert client_id({"client_id": "b"}, where) is None


class TestMistakes:
    @pytest.mark.parametrize("path", ["", "a.", ".a", "a..b", (), ("a", ""), ("a", 1), 1, None])
    def test_a_path_that_is_not_one(self, path: Any) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match="A claim is named by a string such as"):
            GrantClaim(path)

    def test_a_name_that_could_be_a_path(self) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match=r"Write \('https://example.com/roles',\)"):
            GrantClaim("https://example.com/roles")

    @pytest.mark.parametrize("form", ["words", None, 1, []])
    def test_a_form_that_is_not_one(self, form: Any) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match="The form of a claim is one of 'strings'"):
            GrantClaim("a", form)

    @pytest.mark.parametrize("option", ["scopes", "roles", "groups", "permissions", "client"])
    @pytest.mark.parametrize("value", ["roles", None, 1, {"a": 1}])
    def test_one_name_is_not_a_list_of_names(self, option: str, value: Any) -> None:
        """A11"""
        options: dict[str, Any] = {option: value}
        with pytest.raises(ConfigurationError, match=f"{option} must be a tuple of claims"):
            GrantClaims(**options)


SCALARS = st.sampled_from([None, True, 0, 1.5, "", " ", "x", "x y", "é"])
FLAT = SCALARS | st.lists(SCALARS, max_size=3)
NAMES = st.sampled_from(
    ["scope", "scp", "roles", "groups", "permissions", "client_id", "azp", "a", "b", "name"]
)
PLACES = GrantClaims(
    roles=("roles", "a.b", GrantClaim("a", "member names"), GrantClaim("b", "objects with a name"))
)


OBJECTS = st.dictionaries(NAMES, FLAT, max_size=2)
JSON = FLAT | OBJECTS | st.lists(OBJECTS, max_size=2)


@given(claims=st.dictionaries(NAMES, JSON, max_size=4))
def test_whatever_the_claims_are_they_grant_strings(claims: dict[str, Any]) -> None:
    """A8, G9: nothing here raises, and each name is granted once."""
    for where in (DEFAULT_GRANT_CLAIMS, PLACES):
        for read in (granted_scopes, roles, groups, permissions):
            names = read(claims, where)
            assert all(isinstance(name, str) and name for name in names)
            assert len(names) == len(set(names))
            assert all(json.dumps(name)[1:-1] in json.dumps(claims) for name in names)
        assert client_id(claims, where) is None or client_id(claims, where) != ""
        granting = (*where.scopes, *where.roles, *where.groups, *where.permissions)
        unread = tuple(str(claim) for claim in granting if claim.names_in(claims) is None)
        assert unreadable_grants(claims, where) == unread


def test_scopes_where_others_write_them_are_named_and_grant_nothing() -> None:
    """G9, P4"""
    claims = {"scopes": ["a"], "ias_apis": "b", "authorities": [], "scope": None, "scp": {"a": 1}}
    assert unread_scopes(claims) == ("scopes", "ias_apis")
    assert granted_scopes({"scopes": ["a"]}) == ()
    read = GrantClaims(scopes=("scopes",), permissions=("ias_apis",))
    assert unread_scopes({**claims, "scope": "c"}, read) == ("scope",)


def test_whether_all_are_strings() -> None:
    assert all_strings([])
    assert all_strings(["a", ""])
    assert not all_strings(["a", 1])
    assert not all_strings([None])
