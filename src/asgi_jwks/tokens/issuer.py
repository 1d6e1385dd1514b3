"""A trusted issuer, as far as the verifier needs it.

Rules, keys and the caller's checks.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.key_source import KeySource

__all__ = ["Check", "Issuer"]

Check = Callable[[AccessToken], bool | Awaitable[bool]]
"""A caller's own rule.

True passes, False refuses with 401, and so does a RequestError as it says.

Any other value is the application's own error, and leaves the middleware as a TypeError.
"""


class Issuer(Protocol):
    """A trusted issuer, as far as the verifier needs it."""

    @property
    def rules(self) -> TokenRules: ...
    @property
    def keys(self) -> KeySource: ...
    @property
    def checks(self) -> Sequence[Check]: ...
