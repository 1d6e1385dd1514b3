"""Where a token may be, and in which form."""

from typing import Any

import pytest
from tests.support.immutability import assert_immutable

from asgi_jwks import (
    AuthorizationHeader,
    ConfigurationError,
    Cookie,
    InvalidRequest,
    Reason,
    WebSocketSubprotocol,
)
from asgi_jwks.asgi.token_sources import (
    MOST_COOKIES,
    BearerOrDPoPHeader,
    TokenSource,
    find_token,
    is_token68,
    uses_dpop,
)


def scope(*headers: tuple[str, str], **more: object) -> dict[str, Any]:
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "headers": fields, **more}


def authorization(*values: str) -> bytes | None:
    return AuthorizationHeader().find(scope(*(("authorization", value) for value in values)))


class TestTheAuthorizationField:
    @pytest.mark.parametrize(
        "value", ["Bearer abc", "bearer abc", "BEARER abc", "bEaReR abc", "Bearer   abc"]
    )
    def test_the_scheme_is_compared_without_case_and_any_spaces_follow_it(self, value: str) -> None:
        """A1, A2"""
        assert authorization(value) == b"abc"

    @pytest.mark.parametrize("value", ["Bearer XabcX", "Bearer abc\n", "Bearer abc\r\x0b"])
    def test_nothing_else_around_it_is_dropped(self, value: str) -> None:
        """A1"""
        assert authorization(value) == value.removeprefix("Bearer ").encode()

    @pytest.mark.parametrize("value", ["Bearer abc ", "Bearer abc\t", "Bearer   abc \t "])
    def test_white_space_around_a_value_is_no_part_of_it(self, value: str) -> None:
        """A1: RFC 9110, section 5.5."""
        assert authorization(value) == b"abc"

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "Basic YTpi",
            "Digest username=a",
            "Negotiate abc",
            "Bearerabc",
            "BearerX abc",
            "Bearer-abc",
            "Bearer!",
            "Bear abc",
            "xBearer abc",
            "abc",
            "Basic Bearer abc",
            "Bea",
        ],
    )
    def test_another_scheme_is_no_token(self, value: str) -> None:
        """A9"""
        assert authorization(value) is None

    @pytest.mark.parametrize(
        "value",
        [
            "Bearer",
            "bEARER",
            "Bearer\tabc",
            "Bearer:abc",
            "Bearer,abc",
            "Bearer=abc",
            "bearer\xa0abc",
            "Bearer,Basic abc",
            'Bearer"abc"',
            "Bearer\x00",
        ],
    )
    def test_what_begins_as_bearer_and_goes_on_otherwise_is_malformed(self, value: str) -> None:
        """A9"""
        with pytest.raises(InvalidRequest) as refusal:
            authorization(value)
        assert refusal.value.reason is Reason.INVALID_CREDENTIALS
        assert refusal.value.detail == "no space after the scheme"

    @pytest.mark.parametrize("value", ["bearer ", "Bearer    "])
    def test_the_scheme_and_spaces_alone_are_an_empty_token(self, value: str) -> None:
        """A1"""
        assert authorization(value) == b""
        assert not is_token68(b"")

    def test_a_tab_after_the_spaces_is_a_part_of_what_is_malformed(self) -> None:
        """A9"""
        assert authorization("Bearer \tabc") == b"\tabc"
        assert not is_token68(b"\tabc")

    def test_no_field_is_no_token(self) -> None:
        """A5"""
        assert authorization() is None
        assert AuthorizationHeader().find(scope(("cookie", "a=b"))) is None

    @pytest.mark.parametrize(
        "values", [("Bearer a", "Bearer b"), ("Basic a", "Bearer b"), ("Bearer a", ""), ("", "")]
    )
    def test_two_fields_are_refused(self, values: tuple[str, ...]) -> None:
        """A3"""
        with pytest.raises(InvalidRequest) as refusal:
            authorization(*values)
        assert refusal.value.reason is Reason.REPEATED_CREDENTIALS
        assert refusal.value.detail == "two Authorization fields"


DPOP_SCHEMES = ["DPoP", "dpop", "DPOP"]
SCHEMES = [*DPOP_SCHEMES, "Bearer", "bearer", "Basic", "DPoPX", "BearerX", "XDPoP"]


class TestTheSchemeDPoP:
    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_a_token_comes_by_one_of_two_schemes(self, scheme: str) -> None:
        """I1, A2: which is told by the scheme alone."""
        for credentials in ("abc", "  abc ", "dpop abc", "bearer abc"):
            connection = scope(("dpop", "dpop a.b.c"), ("authorization", f"{scheme} {credentials}"))
            is_ours = scheme.lower() in {"dpop", "bearer"}
            token = credentials.strip().encode() if is_ours else None
            assert BearerOrDPoPHeader().find(connection) == token
            assert uses_dpop(connection) is (scheme in DPOP_SCHEMES)

    @pytest.mark.parametrize("value", ["DPoP", "dpop\tabc", "DPoP,abc", "Bearer", "Bearer:abc"])
    def test_another_character_behind_the_scheme_is_malformed(self, value: str) -> None:
        """I1, A9"""
        connection = scope(("authorization", value))
        with pytest.raises(InvalidRequest) as refusal:
            BearerOrDPoPHeader().find(connection)
        assert refusal.value.reason is Reason.INVALID_CREDENTIALS
        assert uses_dpop(connection) is False

    def test_two_fields_are_refused(self) -> None:
        """I1, A3"""
        connection = scope(("authorization", "DPoP a"), ("authorization", "Basic a"))
        with pytest.raises(InvalidRequest) as refusal:
            BearerOrDPoPHeader().find(connection)
        assert refusal.value.reason is Reason.REPEATED_CREDENTIALS
        assert refusal.value.detail == "two Authorization fields"

    def test_no_field_is_no_token(self) -> None:
        """I1"""
        for connection in (scope(), scope(("dpop", "dpop a")), scope(("x", "dpop a"))):
            assert BearerOrDPoPHeader().find(connection) is None
            assert uses_dpop(connection) is False


@pytest.mark.parametrize("token", [b"X", b"aX=", b"abc.def.ghi", b"aZ09-._~+/", b"a=", b"a==="])
def test_what_a_b64token_is(token: bytes) -> None:
    """A1"""
    assert is_token68(token)


@pytest.mark.parametrize(
    "token",
    [b"", b"=", b"=a", b"a=b", b"a b", b'"a"', b"a,b", b"a\n", b"\na", b"a\xe9", b"a\0", b"%41"],
)
def test_what_it_is_not(token: bytes) -> None:
    """A1"""
    assert not is_token68(token)


class TestCookies:
    @pytest.mark.parametrize(
        ("value", "token"),
        [
            ("at=abc", b"abc"),
            ("x=1; at=abc; y=2", b"abc"),
            ("x=1;at=abc", b"abc"),
            ('at="abc"', b"abc"),
            ("at=abc==", b"abc=="),
            ("at=XabcX", b"XabcX"),
            ("AT=abc", None),
            ("at", None),
            ("at=", None),
            ('at=""', None),
            ("xat=abc; at2=abc", None),
            ("", None),
        ],
    )
    def test_the_cookie_of_the_name(self, value: str, token: bytes | None) -> None:
        """A5"""
        assert Cookie("at").find(scope(("cookie", value))) == token

    def test_in_any_field(self) -> None:
        """A5"""
        assert Cookie("at").find(scope(("cookie", "x=1"), ("Cookie", "at=abc"))) == b"abc"
        assert Cookie("at").find(scope(("x-cookie", "at=abc"))) is None
        assert Cookie("at").find(scope()) is None

    @pytest.mark.parametrize(
        "values", [["at=a; at=b"], ["at=a", "at=b"], ["at=a; at=a"], ["at=; at=a"], ["at=a; at="]]
    )
    def test_two_of_the_name_are_refused(self, values: list[str]) -> None:
        """A4"""
        with pytest.raises(InvalidRequest) as refusal:
            Cookie("at").find(scope(*(("cookie", value) for value in values)))
        assert refusal.value.reason is Reason.REPEATED_CREDENTIALS
        assert refusal.value.detail == "two cookies at"

    def test_cookies_are_counted_before_they_are_read(self) -> None:
        """W1: a field of 64 KiB of semicolons would cost 60 good tokens."""
        last = "; ".join(["x=1"] * (MOST_COOKIES - 1) + ["at=abc"])
        assert Cookie("at").find(scope(("cookie", last))) == b"abc"
        for fields in ([f"{last}; x=1"], [last, "x=1"], [";" * 65_000]):
            with pytest.raises(InvalidRequest) as refusal:
                Cookie("at").find(scope(*(("cookie", field) for field in fields)))
            assert refusal.value.detail == "more than 512 cookies"

    @pytest.mark.parametrize(
        "name", ["", "a b", "a=b", "a;b", "a\n", "\ud800", '"a"', "a,b", None, 5]
    )
    def test_a_name_is_a_token(self, name: Any) -> None:
        """F14"""
        with pytest.raises(ConfigurationError, match="cannot be the name of a cookie"):
            Cookie(name)

    @pytest.mark.parametrize("name", ["__Host-at", "access_token", "a.b", "~!#$%&'*+^`|"])
    def test_names_that_exist(self, name: str) -> None:
        assert Cookie(name).name == name


def offer(*subprotocols: str, **more: object) -> dict[str, Any]:
    return scope(type="websocket", subprotocols=list(subprotocols), **more)


class TestSubprotocols:
    @pytest.mark.parametrize(
        ("offered", "left"),
        [
            (["bearer", "abc"], ["bearer"]),
            (["chat", "bearer", "abc"], ["chat", "bearer"]),
            (["bearer", "abc", "chat", "v2"], ["bearer", "chat", "v2"]),
        ],
    )
    def test_the_token_follows_the_name_and_is_never_echoed(
        self, offered: list[str], left: list[str]
    ) -> None:
        """A5, A10, H1"""
        connection = offer(*offered)
        assert WebSocketSubprotocol().find(connection) == b"abc"
        assert connection["subprotocols"] == offered
        WebSocketSubprotocol().conceal(connection)
        assert connection["subprotocols"] == left

    @pytest.mark.parametrize(
        ("offered", "left"),
        [
            (["bearer"], ["bearer"]),
            (["bearer", "bearer", "abc"], ["bearer", "bearer"]),
            (["bearer", "abc", "bearer", "def"], ["bearer", "bearer"]),
            (["chat"], ["chat"]),
            ([], []),
        ],
    )
    def test_no_token_of_a_malformed_offer_is_left_either(
        self, offered: list[str], left: list[str]
    ) -> None:
        """A10: a public path takes any offer."""
        connection = offer(*offered)
        WebSocketSubprotocol().conceal(connection)
        assert connection["subprotocols"] == left

    def test_http_has_nothing_to_conceal(self) -> None:
        connection = scope(subprotocols=["bearer", "abc"])
        WebSocketSubprotocol().conceal(connection)
        assert connection["subprotocols"] == ["bearer", "abc"]

    @pytest.mark.parametrize("name", ["", "a b", "a,b", "é", "\ud800", None, 5])
    def test_a_name_is_a_token(self, name: Any) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match="cannot be the name of a subprotocol"):
            WebSocketSubprotocol(name)

    @pytest.mark.parametrize("offered", [[], ["chat"], ["Bearer", "abc"], ["abc"]])
    def test_an_offer_without_the_name_is_no_token(self, offered: list[str]) -> None:
        """A5"""
        connection = offer(*offered)
        assert WebSocketSubprotocol().find(connection) is None
        assert connection["subprotocols"] == offered

    def test_a_name_of_ones_own(self) -> None:
        assert WebSocketSubprotocol("auth").find(offer("auth", "abc")) == b"abc"
        assert WebSocketSubprotocol("auth").find(offer("bearer", "abc")) is None

    @pytest.mark.parametrize(
        "offered", [["bearer"], ["chat", "bearer"], ["bearer", "bearer"], ["bearer", "a", "bearer"]]
    )
    def test_the_name_without_a_token_or_twice_is_refused(self, offered: list[str]) -> None:
        """A4, A8"""
        with pytest.raises(InvalidRequest) as refusal:
            WebSocketSubprotocol().find(offer(*offered))
        assert refusal.value.reason is Reason.INVALID_CREDENTIALS
        assert refusal.value.detail == "no token after the subprotocol"

    def test_what_is_no_latin1_is_no_token(self) -> None:
        """A8"""
        assert WebSocketSubprotocol().find(offer("bearer", "a€")) == b"a?"

    def test_http_has_no_subprotocols(self) -> None:
        """A5"""
        assert WebSocketSubprotocol().find(scope(subprotocols=["bearer", "abc"])) is None
        assert WebSocketSubprotocol().find(scope(type="websocket")) is None
        assert WebSocketSubprotocol().find(scope(type="websocket", subprotocols=None)) is None


class TestSeveralSources:
    SOURCES = (AuthorizationHeader(), Cookie("at"), WebSocketSubprotocol())

    def test_any_one_of_them_will_do(self) -> None:
        """A4"""
        assert find_token(self.SOURCES, scope()) is None
        assert find_token(self.SOURCES, scope(("authorization", "Bearer a"))) == b"a"
        assert find_token(self.SOURCES, scope(("cookie", "at=b"))) == b"b"
        assert find_token(self.SOURCES, offer("bearer", "c")) == b"c"

    @pytest.mark.parametrize(
        "connection",
        [
            scope(("authorization", "Bearer a"), ("cookie", "at=a")),
            scope(("authorization", "Bearer "), ("cookie", "at=a")),
            offer("bearer", "a") | {"headers": [(b"cookie", b"at=a")]},
        ],
        ids=["field and cookie", "empty field and cookie", "subprotocol and cookie"],
    )
    def test_two_are_refused(self, connection: dict[str, Any]) -> None:
        """A4"""
        with pytest.raises(InvalidRequest) as refusal:
            find_token(self.SOURCES, connection)
        assert refusal.value.reason is Reason.REPEATED_CREDENTIALS
        assert refusal.value.detail == "tokens by two methods"

    def test_another_scheme_does_not_count(self) -> None:
        """A9"""
        connection = scope(("authorization", "Basic YTpi"), ("cookie", "at=a"))
        assert find_token(self.SOURCES, connection) == b"a"


@pytest.mark.parametrize(
    "source",
    [AuthorizationHeader(), Cookie("at"), WebSocketSubprotocol()],
    ids=lambda source: type(source).__name__,
)
def test_a_source_is_an_immutable_value(source: TokenSource) -> None:
    """All requests share it."""
    assert_immutable(source)
    assert {source: "as a key"}
