"""Immutable values, shared between requests and threads: one assertion for each of their kinds."""

import pytest


def assert_immutable(value: object) -> None:
    """No attribute of the value can be changed, and none can be added."""
    for name in (*type(value).__annotations__, "another"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(value, name, None)
    assert not hasattr(value, "__dict__")
