"""Scopes that imply others: any depth, loops included, known at construction."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks import ConfigurationError
from asgi_jwks.authorization.scope_hierarchy import ScopeHierarchy

SCOPES = st.sampled_from("abcdef")


def test_a_scope_implies_all_that_its_own_imply() -> None:
    """K7"""
    hierarchy = ScopeHierarchy({"admin": ["write"], "write": "read", "other": ["x", "y"]})
    assert hierarchy.implied_by(["admin"]) == {"write", "read"}
    assert hierarchy.implied_by(["write", "other"]) == {"read", "x", "y"}
    assert hierarchy.implied_by(["read"]) == frozenset()
    assert hierarchy.implied_by(["write", "read"]) == frozenset()


def test_scopes_that_imply_each_other_are_equal() -> None:
    """K7: and no loop."""
    hierarchy = ScopeHierarchy({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["d"]})
    assert hierarchy.implied_by(["b"]) == {"a", "c"}
    assert hierarchy.implied_by(["d"]) == frozenset()


@given(st.dictionaries(SCOPES, st.lists(SCOPES, min_size=1)), st.sets(SCOPES))
def test_implication_is_closed_and_never_invents_a_scope(
    implied: dict[str, list[str]], granted: set[str]
) -> None:
    """K7: whatever the shape, with a round more nothing is added."""
    hierarchy = ScopeHierarchy(implied)
    found = hierarchy.implied_by(granted)
    assert not found & granted
    assert hierarchy.implied_by(found | granted) == frozenset()
    assert found <= {name for names in implied.values() for name in names}
    assert all(set(implied.get(scope, ())) <= found | granted for scope in found | granted)


def test_a_hierarchy_may_be_empty() -> None:
    assert not ScopeHierarchy({})
    assert ScopeHierarchy({"a": ["b"]})


@pytest.mark.parametrize(
    "wrong", [["a"], "a", {"a": 5}, {"a": ["b c"]}, {"a b": ["c"]}, {5: ["c"]}, {"a": [""]}]
)
def test_a_wrong_form_is_told(wrong: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=r"^implied_scopes must "):
        ScopeHierarchy(wrong)


def test_the_sentence_says_how_to_write_it() -> None:
    """A11"""
    wrong: Any = {"orders:write": 5}
    with pytest.raises(ConfigurationError, match=r"implied_scopes=\['orders:read'\]\.$"):
        ScopeHierarchy(wrong)
