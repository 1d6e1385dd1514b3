"""The form of a scope's name (RFC 6749, section 3.3)."""

import re
from typing import Final

__all__ = ["is_scope"]

_SCOPE: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


def is_scope(name: str) -> bool:
    """Whether a token can grant a scope of this name: one without spaces and quotes."""
    return _SCOPE.fullmatch(name) is not None
