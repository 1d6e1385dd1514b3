"""A guarded application without a server: connections in, messages out."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from asgi_jwks import JWTBearerMiddleware, KeySetError, RequestError, StaticJWKSet
from asgi_jwks.testing import MockIssuer

ISSUER = MockIssuer()


@dataclass
class Answer:
    """What a client would see, and what the application saw."""

    sent: list[dict[str, Any]]
    seen: list[dict[str, Any]]
    errors: list[RequestError | KeySetError]

    @property
    def status(self) -> int:
        [start] = [m for m in self.sent if m["type"].endswith("response.start")]
        return int(start["status"])

    @property
    def headers(self) -> dict[str, str]:
        [start] = [m for m in self.sent if m["type"].endswith("response.start")]
        pairs = [(name.decode(), value.decode()) for name, value in start["headers"]]
        assert len(dict(pairs)) == len(pairs), "a field occurs twice"
        return dict(pairs)

    @property
    def body(self) -> bytes:
        return b"".join(m.get("body", b"") for m in self.sent if m["type"].endswith("body"))

    @property
    def scope(self) -> dict[str, Any]:
        [scope] = self.seen
        return scope


@dataclass
class Guarded:
    """An application behind the middleware, with the options given."""

    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.errors: list[RequestError | KeySetError] = []
        given: dict[str, Any] = {"on_refused": self._refused}
        if "verifier" not in self.options:
            given |= {
                "issuer": ISSUER.issuer,
                "audience": ISSUER.audience,
                "keys": StaticJWKSet(ISSUER.jwk_set()),
            }
        self.guard = JWTBearerMiddleware(self._app, **{**given, **self.options})

    def _refused(self, error: RequestError | KeySetError, scope: Any) -> None:
        self.errors.append(error)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope)
        if scope["type"] == "websocket":
            assert (await receive())["type"] == "websocket.connect"
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"hello"})

    async def __call__(
        self,
        token: str | None = None,
        /,
        *,
        headers: Iterable[tuple[bytes, bytes]] = (),
        **scope: Any,
    ) -> Answer:
        """Connect, with a token in the Authorization field if one is given."""
        fields = [(b"host", b"api.example.com"), *headers]
        if token is not None:
            fields.append((b"authorization", f"Bearer {token}".encode()))
        connection: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "raw_path": None,
            "root_path": "",
            "query_string": b"",
            "headers": fields,
            **scope,
        }
        if connection["type"] == "websocket":
            del connection["method"]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request" if "method" in connection else "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        seen, errors = len(self.seen), len(self.errors)
        await self.guard(connection, receive, send)
        return Answer(sent, self.seen[seen:], self.errors[errors:])


Challenge = tuple[str, dict[str, str]]


def parse_challenges(field: str) -> list[Challenge]:
    """The challenges of a WWW-Authenticate field, read by RFC 9110, section 11.6.1 alone.

    It is written from the grammar, not from the code under test: a list of schemes, each with
    auth-params whose values are tokens or quoted strings. Names are in lower case.
    """
    tchar = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
    quoted = r'"(?:[\t \x21\x23-\x5B\x5D-\x7E\x80-\xFF]|\\[\t \x21-\x7E\x80-\xFF])*"'
    parameter = re.compile(rf"({tchar})[ \t]*=[ \t]*({tchar}|{quoted})")
    challenges: list[Challenge] = []
    position = 0
    while position < len(field):
        separator = re.compile(r"[ \t]*(?:,[ \t]*)*").match(field, position)
        assert separator is not None
        position = separator.end()
        if position == len(field):
            break
        found = parameter.match(field, position)
        if found is None:
            scheme = re.compile(rf"({tchar})(?: +|$)").match(field, position)
            assert scheme is not None, f"no challenge at {field[position:]!r}"
            challenges.append((scheme[1].lower(), {}))
            position = scheme.end()
            continue
        assert challenges, "a parameter without a scheme"
        name, value = found[1].lower(), found[2]
        assert name not in challenges[-1][1], f"{name} occurs twice"
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        challenges[-1][1][name] = value
        position = found.end()
    return challenges


@pytest.fixture(scope="session")
def challenges_of() -> Callable[[str], list[Challenge]]:
    """An independent parser of WWW-Authenticate."""
    return parse_challenges


@pytest.fixture
def issuer() -> MockIssuer:
    """One issuer, whose keys and tokens no test changes."""
    return ISSUER


@pytest.fixture
def guarded() -> Callable[..., Guarded]:
    """Makes a guarded application with options of JWTBearerMiddleware."""
    return lambda **options: Guarded(options)


@pytest.fixture
def app(guarded: Callable[..., Guarded]) -> Guarded:
    """A guarded application without further options."""
    return guarded()
