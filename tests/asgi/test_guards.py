"""Guards made within a test, of every kind: what passes, what is refused, and what is told."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.websockets import WebSocket

from asgi_jwks import AccessToken, ConfigurationError, InsufficientScope, access_token, requires
from asgi_jwks.asgi.challenge import CHALLENGES, Challenges
from asgi_jwks.asgi.guards import refusal_of
from asgi_jwks.asgi.identity import identify, identify_nobody

pytestmark = pytest.mark.anyio


def scope(kind: str = "http", **claims: object) -> dict[str, Any]:
    """The scope of a connection with a token, or of an anonymous one where no claim is given."""
    connection: dict[str, Any] = {
        "type": kind,
        "headers": [],
        CHALLENGES: Challenges(realm="mine"),
    }
    if claims:
        given = {"iss": "i", "exp": 1, **claims}
        identify(connection, AccessToken(given, given))
    else:
        identify_nobody(connection)
    return connection


async def receive() -> dict[str, Any]:
    return {"type": "received"}


def recorder() -> tuple[list[dict[str, Any]], Callable[[Any], Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    return sent, send


class TestAnApplication:
    @pytest.mark.parametrize("kind", ["http", "websocket"])
    async def test_it_is_called_with_what_the_server_gave(self, kind: str) -> None:
        """B3, C3"""
        called: list[Any] = []

        async def app(*arguments: Any) -> None:
            called.append(arguments)

        connection, (sent, send) = scope(kind, scope="read"), recorder()
        await requires("read").around(app)(connection, receive, send)
        assert called == [(connection, receive, send)]
        assert sent == []

    @pytest.mark.parametrize(
        ("claims", "status", "error"),
        [({}, 401, b""), ({"scope": "x"}, 403, b"insufficient_scope")],
    )
    async def test_it_does_not_see_what_is_refused(
        self, claims: dict[str, Any], status: int, error: bytes
    ) -> None:
        """B2, B3"""

        async def app(*arguments: Any) -> None:
            raise AssertionError("the application saw the request")

        sent, send = recorder()
        await requires("read").around(app)(scope(**claims), receive, send)
        assert sent[0]["status"] == status
        challenge = dict(sent[0]["headers"])[b"www-authenticate"]
        assert challenge.startswith(b'Bearer realm="mine"')
        assert error in challenge

    async def test_a_websocket_is_closed_before_it_is_accepted(self) -> None:
        """C1"""
        sent, send = recorder()
        guarded = requires("read").around(lambda *_: pytest.fail("it was let in"))
        await guarded(scope("websocket"), receive, send)
        assert sent == [{"type": "websocket.close", "code": 1008}]

    async def test_its_lifespan_is_its_own(self) -> None:
        """C4"""
        called: list[Any] = []

        async def app(*arguments: Any) -> None:
            called.append(arguments)

        _, send = recorder()
        await requires("read").around(app)({"type": "lifespan"}, receive, send)
        assert called == [({"type": "lifespan"}, receive, send)]


class TestAnEndpoint:
    async def test_one_in_the_event_loop(self) -> None:
        """B3"""

        @requires("read")
        async def endpoint(request: Request) -> str:
            return "read"

        assert await endpoint(Request(scope(scope="read"))) == "read"
        assert (await endpoint(Request(scope(scope="x")))).status_code == 403
        assert (await endpoint(Request(scope()))).status_code == 401

    def test_one_in_a_thread(self) -> None:
        """B3"""

        @requires("read")
        def endpoint(request: Request) -> str:
            return "read"

        assert endpoint(Request(scope(scope="read"))) == "read"
        assert endpoint(request=Request(scope(scope="x"))).status_code == 403

    async def test_one_of_websockets(self) -> None:
        """C1, C3"""

        @requires("read")
        async def endpoint(websocket: WebSocket) -> str:
            return "read"

        sent, send = recorder()
        connection = WebSocket(scope("websocket", scope="read"), receive, send)
        assert await endpoint(connection) == "read"
        assert sent == []
        assert await endpoint(WebSocket(scope("websocket"), receive, send)) is None
        assert sent == [{"type": "websocket.close", "code": 1008}]


async def in_the_event_loop(request: Request, item: int) -> int:
    """An endpoint."""
    return item


def in_a_thread(request: Request, item: int) -> int:
    """Another one."""
    return item


async def of_websockets(websocket: WebSocket, item: int) -> int:
    """A third one."""
    return item


class TestAGuardedEndpoint:
    @pytest.mark.parametrize("endpoint", [in_the_event_loop, in_a_thread, of_websockets])
    def test_it_keeps_its_name_and_signature(self, endpoint: Callable[..., Any]) -> None:
        """Starlette names routes by it, and other decorators look for its arguments."""
        guarded = requires("read")(endpoint)
        assert guarded.__name__ == endpoint.__name__
        assert guarded.__doc__ == endpoint.__doc__
        assert inspect.signature(guarded) == inspect.signature(endpoint)
        assert inspect.iscoroutinefunction(guarded) == inspect.iscoroutinefunction(endpoint)

    async def test_it_is_called_with_all_its_arguments(self) -> None:
        """Frameworks such as FastAPI give them by name."""
        request = Request(scope(scope="read"))
        websocket = WebSocket(scope("websocket", scope="read"), receive, recorder()[1])
        guard = requires("read")
        assert await guard(in_the_event_loop)(request=request, item=5) == 5
        assert await guard(in_the_event_loop)(request, 6) == 6
        assert guard(in_a_thread)(request=request, item=5) == 5
        assert guard(in_a_thread)(request, 6) == 6
        assert await guard(of_websockets)(websocket=websocket, item=5) == 5
        assert await guard(of_websockets)(websocket, 6) == 6


class TestWhatIsRequired:
    @pytest.mark.parametrize(
        ("options", "claims", "granted"),
        [
            ({"any_of": ["a", "b"]}, {"scope": "b"}, True),
            ({"any_of": ["a", "b"]}, {"scope": "c"}, False),
            ({"any_of": "abc"}, {"scope": "abc"}, True),
            ({"any_of": "abc"}, {"scope": "a b c"}, False),
            ({"permissions": ["p", "q"]}, {"permissions": ["p", "q"]}, True),
            ({"permissions": ["p", "q"]}, {"permissions": ["p"]}, False),
            pytest.param(
                {"condition": lambda token: token.claims["org"] == 1},
                {"org": 1},
                True,
                id="a condition that holds",
            ),
            pytest.param(
                {"condition": lambda token: token.claims["org"] == 1},
                {"org": 2},
                False,
                id="a condition that does not",
            ),
        ],
    )
    def test_each_option_by_itself(
        self, options: dict[str, Any], claims: dict[str, Any], granted: bool
    ) -> None:
        """B3"""
        requirement = requires(**options)
        if granted:
            requirement.check_scope(scope(**claims))
        else:
            with pytest.raises(InsufficientScope):
                requirement.check_scope(scope(**claims))

    def test_what_is_needed_is_told(self) -> None:
        """B3"""
        with pytest.raises(InsufficientScope) as refusal:
            requires("a", any_of=["b", "a"], permissions=["p"]).check_scope(scope(x=1))
        assert refusal.value.scopes == ("a", "b", "p")

    @pytest.mark.parametrize(
        ("scopes", "options"),
        [
            (["a b"], {}),
            ([""], {}),
            ([], {"any_of": ["a b"]}),
            ([], {"permissions": ["a b"]}),
        ],
    )
    def test_names_are_single_words(self, scopes: list[str], options: dict[str, Any]) -> None:
        """F14"""
        option = next(iter(options), "scopes")
        with pytest.raises(ConfigurationError) as error:
            requires(*scopes, **options)
        assert str(error.value).startswith(f"{option} must be names without spaces")

    def test_something_is_required(self) -> None:
        """F14"""
        with pytest.raises(ConfigurationError) as error:
            requires()
        assert str(error.value) == ('requires() requires nothing. Write requires("read:messages").')


def test_without_a_token_the_accessor_says_where_to_look() -> None:
    with pytest.raises(LookupError) as error:
        access_token(scope())
    assert error.value.args == (
        "This request has no verified access token. Is JWTBearerMiddleware around the "
        "application, and does it demand a token for this path?",
    )
    assert access_token(Request(scope(sub="a"))).subject == "a"


def test_a_connection_of_starlette_and_its_scope_are_refused_alike() -> None:
    """B3"""
    connection = scope(scope="x")
    error = InsufficientScope("a")
    assert refusal_of(Request(connection), error) == refusal_of(connection, error)
    assert refusal_of({"type": "http"}, error).status == 403
