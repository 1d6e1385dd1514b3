"""Claims that several requests share cannot be changed by one of them."""

import copy
import heapq
import json
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.encoders import jsonable_encoder
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks.jose.encoding import json_object
from asgi_jwks.jose.read_only import KeptObject, ReadOnlyDict, ReadOnlyList

DOCUMENT = b'{"aud":["a","b"],"realm_access":{"roles":["x",["y"]]},"exp":1.5}'
PLAIN = {"aud": ["a", "b"], "realm_access": {"roles": ["x", ["y"]]}, "exp": 1.5}

few = examples(100)
values = st.recursive(
    st.none() | st.integers(0, 9) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)

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
    "init": lambda d: d.__init__({"exp": 0}),
    "init with keywords": lambda d: d.__init__(exp=0),
    "init of nothing": lambda d: d.__init__(),
    "an augmented assignment": lambda d: exec("claims |= {'exp': 0}", {"claims": d}),
    "operator.setitem": lambda d: operator.setitem(d, "exp", 0),
    "exec": lambda d: exec("claims['exp'] = 0", {"claims": d}),
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
    "init": lambda v: v.__init__(["z"]),
    "init of nothing": lambda v: v.__init__(),
    "an augmented assignment": lambda v: exec("aud += ['z']", {"aud": v}),
    "exec": lambda v: exec("aud[0] = 'z'", {"aud": v}),
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
    harmless = {"__new__", "__getattribute__", "__class_getitem__", "__doc__"}
    for base, frozen, reading in (
        (dict, ReadOnlyDict, {"get", "items", "keys", "values", "fromkeys", "copy"}),
        (list, ReadOnlyList, {"count", "index", "copy"}),
    ):
        inherited = {name for name in vars(base) if name not in vars(frozen)}
        methods = {name for name in inherited if not name.startswith("__")}
        assert methods <= reading
        in_place = {name for name in inherited if name.startswith("__i")} - harmless
        assert in_place <= {"__iter__"}
        assert not inherited & {"__setitem__", "__delitem__", "__init__"}


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


def test_the_method_copy_gives_a_plain_value_to_change(claims: ReadOnlyDict) -> None:
    for value in (claims, claims["aud"]):
        assert type(value.copy()) in {dict, list}
        assert value.copy() == value
    changed = claims.copy()
    changed["exp"] = 2
    assert claims == PLAIN


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_value_that_cannot_change_is_the_value_itself(
    claims: ReadOnlyDict, duplicate: Callable[[Any], Any]
) -> None:
    """H6: as Python copies a tuple."""
    assert duplicate(claims) is claims
    assert duplicate(claims["aud"]) is claims["aud"]
    assert duplicate({"claims": claims})["claims"] is claims


def assert_read_only(value: Any, plain: Any) -> None:
    assert value == plain
    roles = value["realm_access"]["roles"]
    assert [type(v) for v in (value, value["realm_access"])] == [ReadOnlyDict] * 2
    assert [type(v) for v in (value["aud"], roles, roles[1])] == [ReadOnlyList] * 3
    with pytest.raises(TypeError, match="read-only"):
        roles[1].append("z")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_unpickled_value_is_read_only_again(claims: ReadOnlyDict, protocol: int) -> None:
    """H6: all the way down."""
    assert_read_only(pickle.loads(pickle.dumps(claims, protocol)), PLAIN)
    assert_read_only(pickle.loads(pickle.dumps(KeptObject(claims).copy(), protocol)), PLAIN)


def test_a_value_made_by_hand_is_read_only_all_the_way() -> None:
    assert_read_only(ReadOnlyDict(PLAIN), PLAIN)
    assert ReadOnlyDict(PLAIN.items()) == PLAIN
    assert ReadOnlyDict() == {}
    assert ReadOnlyList() == []
    assert ReadOnlyList([{"a": [1]}])[0]["a"] == [1]


def test_a_private_copy_is_equal_and_as_read_only(claims: ReadOnlyDict) -> None:
    kept = KeptObject(claims)
    assert_read_only(kept.copy(), PLAIN)
    assert kept.copy() is not kept.copy()
    assert list(kept.copy()) == list(claims)


PAST_THE_REFUSALS: dict[str, Callable[[Any], object]] = {
    "dict.__setitem__": lambda c: dict.__setitem__(c, "exp", 0),
    "dict.update": lambda c: dict.update(c, exp=0),
    "dict.__init__": lambda c: dict.__init__(c, exp=0),
    "dict.clear": lambda c: dict.clear(c),
    "heapq.heappush": lambda c: heapq.heappush(c["aud"], "A"),
    "heapq.heapify": lambda c: heapq.heapify(c["realm_access"]["deep"][0]["list"]),
    "list.append": lambda c: list.append(c["aud"], "z"),
    "list.__init__": lambda c: list.__init__(c["realm_access"]["roles"], ["z"]),
    "a list in a list": lambda c: list.append(c["realm_access"]["roles"][1], "z"),
    "an object in a list": lambda c: dict.clear(c["realm_access"]["deep"][0]),
    "an object in an object": lambda c: dict.__setitem__(c["realm_access"], "roles", []),
    "eval": lambda c: eval("dict.__setitem__(claims, 'sub', 'admin')", {"claims": c}),
}


@pytest.mark.parametrize("change", PAST_THE_REFUSALS.values(), ids=PAST_THE_REFUSALS)
def test_whatever_one_reader_does_to_its_copy_shows_in_no_other(
    change: Callable[[Any], object],
) -> None:
    """H6: heapq, `__init__`, eval and `dict.__setitem__` go past every refusal of a subclass."""
    document = b'{"aud":["b","a"],"realm_access":{"roles":["x",["y"]],"deep":[{"list":[2,1]}]}}'
    read = json_object(document)
    kept = KeptObject(read)
    first, second = kept.copy(), kept.copy()
    change(first)
    change(read)
    assert first != second
    for untouched in (second, kept.copy(), KeptObject(second).copy()):
        assert json.dumps(untouched, separators=(",", ":")).encode() == document


@few
@given(st.dictionaries(st.text(max_size=3), values, max_size=4))
def test_a_private_copy_shares_no_container(value: dict[str, Any]) -> None:
    """H6: whatever the claims look like."""
    read = json_object(json.dumps(value).encode())
    kept = KeptObject(read)
    first, second = kept.copy(), kept.copy()
    assert first == second == value
    assert list(first) == list(value)
    assert containers(first).isdisjoint(containers(second))
    assert containers(read).isdisjoint(containers(first))


def containers(value: Any) -> set[int]:
    """The identities of all objects and arrays in a value."""
    if not isinstance(value, dict | list):
        return set()
    assert type(value) in {ReadOnlyDict, ReadOnlyList}
    inner = value.values() if isinstance(value, dict) else value
    return {id(value)}.union(*map(containers, inner))


def test_operators_give_plain_values(claims: ReadOnlyDict) -> None:
    assert type(claims | {"a": 1}) is dict
    assert type({"a": 1} | claims) is dict
    assert type(claims["aud"] + ["c"]) is list
    assert type(claims["aud"] * 2) is list
    assert type(claims["aud"][:1]) is list
