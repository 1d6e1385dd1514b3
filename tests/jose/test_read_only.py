"""Claims that several requests share cannot be changed by one of them."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.encoders import jsonable_encoder

from asgi_jwks.jose.encoding import json_object
from asgi_jwks.jose.read_only import ReadOnlyDict, ReadOnlyList

DOCUMENT = b'{"aud":["a","b"],"realm_access":{"roles":["x",["y"]]},"exp":1.5}'
PLAIN = {"aud": ["a", "b"], "realm_access": {"roles": ["x", ["y"]]}, "exp": 1.5}

DICT_CHANGES: dict[str, Callable[[Any], object]] = {
    "setitem": lambda d: d.__setitem__("exp", 0),
    "delitem": lambda d: d.__delitem__("exp"),
    "ior": lambda d: d.__ior__({"exp": 0}),
    "clear": lambda d: d.clear(),
    "pop": lambda d: d.pop("exp"),
    "pop with a default": lambda d: d.pop("none", None),
    "popitem": lambda d: d.popitem(),
    "setdefault": lambda d: d.setdefault("exp", 0),
    "update": lambda d: d.update(exp=0),
}
LIST_CHANGES: dict[str, Callable[[Any], object]] = {
    "setitem": lambda v: v.__setitem__(0, "z"),
    "slice": lambda v: v.__setitem__(slice(None), []),
    "delitem": lambda v: v.__delitem__(0),
    "iadd": lambda v: v.__iadd__(["z"]),
    "imul": lambda v: v.__imul__(2),
    "append": lambda v: v.append("z"),
    "clear": lambda v: v.clear(),
    "extend": lambda v: v.extend(["z"]),
    "insert": lambda v: v.insert(0, "z"),
    "pop": lambda v: v.pop(),
    "remove": lambda v: v.remove("a"),
    "reverse": lambda v: v.reverse(),
    "sort": lambda v: v.sort(),
}


@pytest.fixture
def claims() -> ReadOnlyDict:
    return json_object(DOCUMENT)


@pytest.mark.parametrize("change", DICT_CHANGES.values(), ids=DICT_CHANGES)
def test_an_object_refuses_every_change(
    claims: ReadOnlyDict, change: Callable[[Any], object]
) -> None:
    with pytest.raises(TypeError, match="read-only; copy them first"):
        change(claims)
    assert claims == PLAIN


@pytest.mark.parametrize("change", LIST_CHANGES.values(), ids=LIST_CHANGES)
def test_an_array_refuses_every_change(
    claims: ReadOnlyDict, change: Callable[[Any], object]
) -> None:
    with pytest.raises(TypeError, match="read-only; copy them first"):
        change(claims["aud"])
    assert claims == PLAIN


def test_every_mutating_method_of_dict_and_list_is_covered() -> None:
    harmless = {"__new__", "__init__", "__getattribute__", "__class_getitem__", "__doc__"}
    for base, frozen, reading in (
        (dict, ReadOnlyDict, {"get", "items", "keys", "values", "fromkeys", "copy"}),
        (list, ReadOnlyList, {"count", "index", "copy"}),
    ):
        inherited = {name for name in vars(base) if name not in vars(frozen)}
        methods = {name for name in inherited if not name.startswith("__")}
        assert methods <= reading
        in_place = {name for name in inherited if name.startswith("__i")} - harmless
        assert in_place <= {"__iter__"}
        assert not inherited & {"__setitem__", "__delitem__"}


def test_no_attribute_can_be_added(claims: ReadOnlyDict) -> None:
    with pytest.raises(AttributeError):
        claims.__setattr__("user", "me")
    with pytest.raises(AttributeError):
        claims["aud"].__setattr__("user", "me")


def test_nested_values_are_read_only_all_the_way(claims: ReadOnlyDict) -> None:
    assert type(claims["aud"]) is ReadOnlyList
    assert type(claims["realm_access"]) is ReadOnlyDict
    assert type(claims["realm_access"]["roles"]) is ReadOnlyList
    assert type(claims["realm_access"]["roles"][1]) is ReadOnlyList


def test_they_are_a_dict_and_a_list_to_everyone_else(claims: ReadOnlyDict) -> None:
    assert isinstance(claims, dict)
    assert isinstance(claims["aud"], list)
    assert claims == PLAIN
    assert PLAIN.__eq__(claims)
    assert json.loads(json.dumps(claims)) == PLAIN
    assert jsonable_encoder(claims) == PLAIN
    assert {**claims, "exp": 2}["exp"] == 2


def test_they_cannot_be_hashed(claims: ReadOnlyDict) -> None:
    for value in (claims, claims["aud"]):
        with pytest.raises(TypeError):
            hash(value)


SHALLOW: dict[str, Callable[[Any], Any]] = {
    "copy method": lambda value: value.copy(),
    "copy.copy": copy.copy,
}


@pytest.mark.parametrize("duplicate", SHALLOW.values(), ids=SHALLOW)
def test_a_shallow_copy_is_plain(claims: ReadOnlyDict, duplicate: Callable[[Any], Any]) -> None:
    assert type(duplicate(claims)) is dict
    assert type(duplicate(claims["aud"])) is list
    changed = duplicate(claims)
    changed["exp"] = 2
    assert claims == PLAIN


def pickled(protocol: int) -> Callable[[Any], Any]:
    return lambda value: pickle.loads(pickle.dumps(value, protocol))


DEEP: dict[str, Callable[[Any], Any]] = {"copy.deepcopy": copy.deepcopy}
DEEP |= {f"pickle {n}": pickled(n) for n in range(pickle.HIGHEST_PROTOCOL + 1)}


@pytest.mark.parametrize("duplicate", DEEP.values(), ids=DEEP)
def test_a_deep_copy_is_plain_all_the_way(
    claims: ReadOnlyDict, duplicate: Callable[[Any], Any]
) -> None:
    result = duplicate(claims)
    assert result == PLAIN
    roles = result["realm_access"]["roles"]
    assert [type(v) for v in (result, result["realm_access"])] == [dict, dict]
    assert [type(v) for v in (result["aud"], roles, roles[1])] == [list, list, list]


def test_operators_give_plain_values(claims: ReadOnlyDict) -> None:
    assert type(claims | {"a": 1}) is dict
    assert type({"a": 1} | claims) is dict
    assert type(claims["aud"] + ["c"]) is list
    assert type(claims["aud"] * 2) is list
    assert type(claims["aud"][:1]) is list
