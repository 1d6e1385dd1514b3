"""An endpoint of OAuth: errors by order, and answers that are bent.

It does not know which endpoint it is.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from asgi_jwks.testing.provider.faulty_endpoint import FaultyEndpoint

__all__ = ["NO_STORE", "OAuthEndpoint", "Refused"]

T = TypeVar("T")

# RFC 6749, section 5.1.
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


class Refused(Exception):
    """An error response of OAuth: `error` is its code, `description` a sentence."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description

    def members(self) -> dict[str, object]:
        """The members of the answer (RFC 6749, section 5.2)."""
        return {"error": self.error, "error_description": self.description}


class OAuthEndpoint(FaultyEndpoint):
    """An endpoint that can refuse, and answer wrongly, beside the faults of any endpoint.

    A refusal or a bend is in force until `recover()`, or for `times` requests.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        super().__init__(clock=clock)
        self._refusals: list[str | None] = [None]
        self._bends: list[dict[str, object]] = [{}]

    def refuse(self, error: str, *, times: int | None = None) -> None:
        """Answer good requests with an error, by its code (RFC 6749, sections 4.1.2.1 and 5.2)."""
        with self._changed:
            self._refusals = [error] if times is None else [None, *[error] * times]

    def bend(self, *, times: int | None = None, **members: object) -> None:
        """Add members to good answers or replace them; None leaves one out.

        `bend(iss="https://attacker.example/")` of an authorization endpoint mixes issuers up;
        `bend(refresh_token=None)` of a token endpoint forgets to give one.
        """
        with self._changed:
            self._bends = [members] if times is None else [{}, *[members] * times]

    def recover(self) -> None:
        """End all faults. Requests that hang are answered."""
        with self._changed:
            self._refusals, self._bends = [None], [{}]
        super().recover()

    def accept(self) -> None:
        """Let a good request pass, unless this endpoint was told to refuse it.

        Raises:
            Refused: it was.
        """
        error = self._taken(self._refusals)
        if error is not None:
            raise Refused(error, "the mock issuer was told to refuse")

    def bent(self, answer: Mapping[str, object]) -> dict[str, object]:
        """A good answer, as it was told to be bent."""
        bends = self._taken(self._bends)
        members = {**answer, **bends}
        return {name: value for name, value in members.items() if value is not None}

    async def _healthy(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)

    @abstractmethod
    async def respond(self, request: Request) -> Response:
        """The answer to a request where no fault of the transport is in force."""
        ...

    def _taken(self, left: list[T]) -> T:
        with self._changed:
            return left.pop() if len(left) > 1 else left[0]
