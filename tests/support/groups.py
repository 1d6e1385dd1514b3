"""The dependency groups beyond the one for tests, and the skipping of what needs them."""

import pytest

__all__ = ["require"]

# The example and the module that it imports.
NEEDS = {
    "django_app": "django",
    "litestar_app": "litestar",
    "mcp_server": "mcp",
    "quart_app": "quart",
    "tutorial_password_flow": "pwdlib",
}


def require(example: str) -> None:
    """Skip the test, with the reason, where the example's framework is not installed."""
    module = NEEDS.get(example.removesuffix(".py"))
    if module is not None:
        pytest.importorskip(module, reason=f"{module} is in the group `frameworks`")
