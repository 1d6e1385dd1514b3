"""A trusted issuer, as the verifier needs it: its rules, keys, binding and checks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.key_source import KeySource

__all__ = ["Binding", "Check", "Issuer", "Presentation"]

Check = Callable[[AccessToken], bool | Awaitable[bool]]
"""A caller's own rule.

True passes, False refuses with 401, and so does a RequestError as it says.

Any other value is the application's own error, and leaves the middleware as a TypeError.
"""


class Presentation(Protocol):
    """How a request presents its token, as far as the verifier needs it."""

    @property
    def uses_dpop(self) -> bool:
        """Whether it is by the scheme DPoP (RFC 9449, section 7.1)."""
        ...


class Binding(Protocol):
    """The demands of an issuer on whoever presents its tokens."""

    async def check(
        self, claims: Mapping[str, Any], digest: bytes, request: Any, now: float
    ) -> None:
        """Judge whether a request proves all that its token is bound to.

        Args:
            claims: the verified claims.
            digest: the SHA-256 of the token.
            request: the Presentation; None where nothing of the request is known.
            now: seconds since the epoch.

        Raises:
            RequestError: it does not.
            TemporarilyUnavailable: that cannot be told at the moment.
        """
        ...


class Issuer(Protocol):
    """A trusted issuer, as far as the verifier needs it."""

    @property
    def rules(self) -> TokenRules: ...
    @property
    def keys(self) -> KeySource: ...
    @property
    def binding(self) -> Binding | None: ...
    @property
    def checks(self) -> Sequence[Check]: ...
