from typing import Any

import pytest

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.tokens.scopes import all_strings, check_grants, client_id, granted_scopes


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, ()),
        ({"scope": ""}, ()),
        ({"scope": "read:a write:b"}, ("read:a", "write:b")),
        ({"scope": "  read:a  write:b "}, ("read:a", "write:b")),
        ({"scope": "a\tb"}, ("a\tb",)),
        ({"scp": "a b"}, ("a", "b")),
        ({"scp": ["a", "b c"]}, ("a", "b c")),
        ({"scp": ["a", ""]}, ("a",)),
        ({"scp": []}, ()),
        ({"scp": "a\tb"}, ("a\tb",)),
        ({"scope": "a", "scp": ["b"]}, ("a", "b")),
        ({"scope": "a", "scp": "b"}, ("a", "b")),
    ],
)
def test_scopes_are_read_in_all_spellings(claims: dict[str, Any], scopes: tuple[str, ...]) -> None:
    """G9"""
    check_grants(claims)
    assert granted_scopes(claims) == scopes


UNREADABLE: dict[str, list[object]] = {
    "scope is no string": [None, 1, [], ["a"], {}, True],
    "scp is no string or list of strings": [None, 1, {}, [1], ["a", None], [["a"]], True],
    "permissions is no list of strings": [None, "a", 1, {}, [1], ["a", None], [["a"]]],
}


@pytest.mark.parametrize(
    ("value", "detail"),
    [(value, detail) for detail, values in UNREADABLE.items() for value in values],
)
def test_a_grant_that_cannot_be_read_is_refused_not_ignored(value: object, detail: str) -> None:
    """G9"""
    with pytest.raises(InvalidToken) as refusal:
        check_grants({detail.split()[0]: value})
    assert refusal.value.reason is Reason.INVALID_CLAIM
    assert refusal.value.detail == detail


@pytest.mark.parametrize("permissions", [[], ["read:a"], ["read:a", "b c"]])
def test_permissions_are_a_list_of_strings(permissions: list[str]) -> None:
    """G9"""
    check_grants({"permissions": permissions})


@pytest.mark.parametrize(
    ("claims", "client"),
    [
        ({}, None),
        ({"client_id": "a", "azp": "b", "cid": "c", "appid": "d"}, "a"),
        ({"azp": "b", "cid": "c", "appid": "d"}, "b"),
        ({"cid": "c", "appid": "d"}, "c"),
        ({"appid": "d"}, "d"),
        ({"client_id": 1, "azp": "b"}, "b"),
        ({"client_id": None}, None),
    ],
)
def test_the_client_in_the_words_of_providers(claims: dict[str, Any], client: str | None) -> None:
    assert client_id(claims) == client


def test_whether_all_are_strings() -> None:
    assert all_strings([])
    assert all_strings(["a", ""])
    assert not all_strings(["a", 1])
    assert not all_strings([None])
