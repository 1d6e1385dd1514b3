"""The options of the middleware: one shape for issuers, each wrong shape told where it is given."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.support.trusted import ISSUER, OTHER, trusted

from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    JWTBearerMiddleware,
    access_token,
)
from asgi_jwks.providers import auth0


async def _app(scope: Any, receive: Any, send: Any) -> None: ...


def names(guard: JWTBearerMiddleware) -> list[str]:
    return [issuer.rules.issuer for issuer in guard.verifier.issuers]


# One shape: issuers, or the options of one.


@pytest.mark.parametrize(
    "issuers",
    [
        pytest.param([trusted(ISSUER), trusted(OTHER)], id="one after the other"),
        pytest.param([[trusted(ISSUER), trusted(OTHER)]], id="a list"),
        pytest.param([(trusted(ISSUER), trusted(OTHER))], id="a tuple"),
    ],
)
def test_several_issuers_are_given_as_they_are(issuers: list[Any]) -> None:
    """A11"""
    assert names(JWTBearerMiddleware(_app, *issuers)) == [ISSUER.issuer, OTHER.issuer]


def test_a_preset_is_an_issuer() -> None:
    """P3"""
    preset = auth0("example.eu.auth0.com", audience="https://api.example.com")
    assert names(JWTBearerMiddleware(_app, preset)) == ["https://example.eu.auth0.com/"]


def test_issuers_and_options_of_one_are_not_mixed() -> None:
    """A11: an option that is silently not applied would be an open door."""
    with pytest.raises(ConfigurationError, match="not both"):
        JWTBearerMiddleware(_app, trusted(ISSUER), leeway=10.0)


@pytest.mark.parametrize("wrong", ["https://issuer.example/", 5, None, {"issuer": "x"}, [5]])
def test_what_is_not_an_issuer_is_told(wrong: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="TrustedIssuer"):
        JWTBearerMiddleware(_app, wrong)


@pytest.mark.parametrize("app", [None, "app", trusted(ISSUER)])
def test_the_first_argument_is_an_application(app: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="app must be an ASGI application"):
        JWTBearerMiddleware(app, issuer="https://i/", audience="a")


# Wrong options.


@pytest.mark.parametrize(
    ("option", "right"),
    [
        ("audiance", "audience"),
        ("issuers", "issuer"),
        ("public_path", "public_paths"),
        ("onrefused", "on_refused"),
        ("algorithm", "algorithms"),
        ("allow_anonymus", "allow_anonymous"),
    ],
)
def test_a_misspelt_option_suggests_the_right_one(option: str, right: str) -> None:
    """A11"""
    misspelt: Any = {"issuer": "https://i/", "audience": "a", option: "x"}
    for construct in (lambda: JWTBearerMiddleware(_app, **misspelt), configured(**misspelt)):
        with pytest.raises(ConfigurationError) as error:
            construct()
        assert str(error.value) == (
            f"JWTBearerMiddleware has no option {option}. Did you mean {right}?"
        )


def configured(**options: Any) -> Callable[[], object]:
    return lambda: JWTBearerMiddleware.configured(**options)


def test_an_option_like_no_other_is_told_all_that_there_are() -> None:
    """A11"""
    odd: Any = {"zzzzzz": 1}
    with pytest.raises(ConfigurationError, match=r"There are .*public_paths"):
        JWTBearerMiddleware(_app, **odd)


async def listener(error: Any, scope: Any) -> None: ...


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("on_refused", "print"),
        pytest.param("on_refused", listener, id="on_refused-async"),
        ("token_sources", "authorization"),
        ("token_sources", ["authorization"]),
        ("token_sources", []),
        ("token_sources", None),
        ("public_paths", 5),
        ("public_paths", [5]),
        ("public_paths", "health"),
        ("allow_anonymous", "false"),
        ("allow_anonymous", 1),
        ("allow_unauthenticated_preflight", "yes"),
        ("require_keys_at_startup", None),
        ("realm", 5),
        ("realm", 'a"b'),
        ("resource_metadata", b"https://x/"),
        ("error_body", {"a": 1}),
        ("checks", print),
        ("checks", 5),
        ("leeway", "5"),
        ("audience", 5),
        ("algorithms", []),
        ("issuer", "https://i/.well-known/openid-configuration"),
        ("issuer", None),
    ],
)
def test_a_wrong_shape_is_told_by_its_option(option: str, value: object) -> None:
    """A11: no TypeError, no AttributeError, no 503 at a request."""
    wrong: Any = {"issuer": "https://i/", "audience": "a", option: value}
    with pytest.raises(ConfigurationError, match=rf"^{option}\b"):
        JWTBearerMiddleware(_app, **wrong)
    with pytest.raises(ConfigurationError, match=rf"^{option}\b"):
        JWTBearerMiddleware.configured(**wrong)


@pytest.mark.parametrize("verifier", ["x", AccessTokenVerifier, trusted(ISSUER), 5])
def test_a_verifier_is_an_object_that_verifies(verifier: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="verifier must be an AccessTokenVerifier"):
        JWTBearerMiddleware(_app, verifier=verifier)


def test_metadata_name_an_audience_that_somebody_checks() -> None:
    """G13"""
    with pytest.raises(ConfigurationError, match=r"^resource_metadata .*insecure_no_audience"):
        JWTBearerMiddleware(
            _app,
            issuer="https://i.example/",
            insecure_no_audience=True,
            resource_metadata="https://api.example.com/.well-known/oauth-protected-resource",
        )


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "/.well-known/oauth-protected-resource",
        "api.example.com/.well-known/oauth-protected-resource",
        "http://api.example.com/.well-known/oauth-protected-resource",
        "https://api.example.com/metadata#top",
        "https://me@api.example.com/metadata",
        "https://",
        "https://api.example.com:port/",
        "https://api.example.com/%",
        'https://api.example.com/"',
        "urn:metadata",
    ],
)
def test_challenges_name_a_document_that_clients_can_ask_for(url: str) -> None:
    """K5, A11: an absolute https URL, or one of loopback, checked where it is written."""
    with pytest.raises(ConfigurationError, match=r"^resource_metadata must be the absolute URL"):
        JWTBearerMiddleware.configured(
            issuer="https://i.example/", audience="a", resource_metadata=url
        )


def test_a_document_on_loopback_may_be_named() -> None:
    """K5"""
    for url in ("http://127.0.0.1:8000/x", "http://[::1]/x", "https://API.example.com/x?tenant=1"):
        guard = JWTBearerMiddleware(
            _app, issuer="https://i.example/", audience="a", resource_metadata=url
        )
        refused = TestClient(guard).get("/").headers["www-authenticate"]
        assert refused == f'Bearer realm="api", resource_metadata="{url}"'


# The form that is checked where it is written.


async def me(request: Request) -> PlainTextResponse:
    return PlainTextResponse(access_token(request).subject)


def starlette(guard: Any) -> TestClient:
    return TestClient(Starlette(routes=[Route("/", me)], middleware=[Middleware(guard)]))


def test_a_configured_middleware_guards_what_is_built_later() -> None:
    guard = JWTBearerMiddleware.configured(trusted(ISSUER), realm="orders", public_paths=["/p"])
    client = starlette(guard)
    assert client.get("/").headers["www-authenticate"] == 'Bearer realm="orders"'
    assert client.get("/p").status_code == 404
    headers = {"Authorization": f"Bearer {ISSUER.access_token()}"}
    assert client.get("/", headers=headers).text == "auth0|60c7a9f2b1d3e40069f8a2b7"


def test_it_is_added_as_other_middleware_is() -> None:
    app = Starlette(routes=[Route("/", me)])
    app.add_middleware(JWTBearerMiddleware.configured(trusted(ISSUER)))
    assert TestClient(app).get("/").status_code == 401


def test_a_wrong_option_stops_the_import_and_not_the_first_request() -> None:
    """A11: Starlette builds middleware when servers cannot stop any more."""
    with pytest.raises(ConfigurationError, match="leeway"):
        starlette(JWTBearerMiddleware.configured(issuer="https://i/", audience="a", leeway=-1))


def test_whatever_is_built_of_one_shares_its_keys() -> None:
    """F13: building a stack anew does not fetch anew."""
    guard = JWTBearerMiddleware.configured(
        issuer=ISSUER.issuer, audience=ISSUER.audience, http_client=ISSUER.http_client()
    )
    assert guard(_app).verifier is guard(_app).verifier
    given = AccessTokenVerifier(trusted(ISSUER))
    assert JWTBearerMiddleware.configured(verifier=given)(_app).verifier is given


def test_a_subclass_is_built_as_itself() -> None:
    class Mine(JWTBearerMiddleware):
        """Somebody's own."""

    assert type(Mine.configured(trusted(ISSUER))(_app)) is Mine
