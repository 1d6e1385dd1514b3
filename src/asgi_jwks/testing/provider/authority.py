"""The identity provider, as its endpoints need it: accounts, lifetimes and a signature."""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from asgi_jwks.testing.provider.accounts import Client, Grant, User
from asgi_jwks.testing.provider.claims import Audience
from asgi_jwks.testing.provider.codes import Codes
from asgi_jwks.testing.provider.refresh_tokens import RefreshTokens

__all__ = ["Authority"]


class Authority(Protocol):
    """The provider behind its endpoints."""

    users: dict[str, User]
    clients: dict[str, Client]
    client_documents: dict[str, Mapping[str, object]]
    audience: Audience
    client_id: str
    access_lifetime: float
    refresh_lifetime: float
    refresh_tokens: Literal["reusable", "once"]
    clock: Callable[[], float]
    codes: Codes
    refreshing: RefreshTokens

    @property
    def issuer(self) -> str:
        """The issuer identifier."""
        ...

    @property
    def url(self) -> str:
        """The base URL of the endpoints, with a trailing slash."""
        ...

    def mint(self, claims: Mapping[str, object], *, lifetime: float) -> str:
        """A token of these claims."""
        ...

    def id_token(
        self, *, client_id: str, subject: str, access_token: str | None, nonce: str | None
    ) -> str:
        """An ID token for a client."""
        ...

    def refresh_token_for(self, grant: Grant) -> str:
        """A new refresh token for a grant."""
        ...
