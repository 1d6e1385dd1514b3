"""Every option of the entry points with values of a wrong shape: a sentence, and never a pass.

A11: no wrong shape ends as TypeError, AttributeError, or a 503 at request time.
"""

import inspect
import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import httpx
import pytest

from asgi_jwks import (
    AccessTokenVerifier,
    AuthorizationHeader,
    CertificateField,
    ConfigurationError,
    JWTBearerMiddleware,
    RemoteJWKSet,
    SharedSecret,
    StaticJWKSet,
    TemporarilyUnavailable,
    TrustedIssuer,
    access_token,
    bearer_token,
    issuer_from_env,
    refusal_of,
    requires,
    settings_from_env,
)
from asgi_jwks.asgi.middleware import BearerOptions, MiddlewareOptions
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.integrations.fastapi import AuthorizationCode, JWTBearer, OpenIDConnect
from asgi_jwks.testing import MockIssuer
from asgi_jwks.trusted_issuer import IssuerOptions

ISSUER = MockIssuer()
KEYS = StaticJWKSet(ISSUER.jwk_set())


async def application(*_: object) -> None:
    """An ASGI application, and any other async function."""


def function(*_: object) -> bool:
    """A function where something else belongs."""
    return True


# What people write where something else belongs, by name.
SHAPES: dict[str, Any] = {
    "None": None,
    "True": True,
    "False": False,
    '"false"': "false",
    '""': "",
    "bytes": b"bytes",
    "0": 0,
    "1": 1,
    "-1": -1,
    "1.5": 1.5,
    "NaN": math.nan,
    "infinity": math.inf,
    "[]": [],
    '["a"]': ["a"],
    "[1]": [1],
    "[None]": [None],
    "{}": {},
    '{"a": 1}': {"a": 1},
    "an object": object(),
    "a class": TrustedIssuer,
    "a function": function,
    "an async function": application,
    "a list of a function": [function],
    "a list of a list": [["a"]],
    "a sync client": httpx.Client(),
    "an async client": httpx.AsyncClient(),
    "an issuer": TrustedIssuer(issuer="https://a.example/", audience="a", keys=KEYS),
    "keys": KEYS,
    "a token source": AuthorizationHeader(),
}

TEXT = {'"false"'}
NAMES = {'"false"', '["a"]'}
# One name or several: a mapping's are its keys, which is nobody's wish, but no harm either.
SOME_NAMES = NAMES | {'{"a": 1}'}
FLAG = {"True", "False"}
FUNCTION = {"a function", "an async function"}
EMPTY = {"[]", "{}"}

# The shapes that each option may have, whatever they mean; all others must be refused.
FITTING: dict[str, set[str]] = {
    # The issuer's.
    "issuer": TEXT,
    "audience": SOME_NAMES,
    "jwks_uri": {"None"},
    "keys": {"None", "keys"},
    "algorithms": {"None"},
    "min_rsa_bits": set(),
    "leeway": {"0", "1", "1.5"},
    "profile": set(),
    "audience_claim": TEXT,
    "insecure_no_audience": FLAG,
    "kind": FUNCTION - {"an async function"},
    "grant_claims": set(),
    "grants": {"None"} | SOME_NAMES | EMPTY,
    "identity": {"None"},
    "required_claims": SOME_NAMES | EMPTY,
    "checks": {"[]", "{}", "a list of a function"},
    "gateway_proves_binding": FLAG,
    "dpop": {"None"},
    "certificate_sources": {"[]"},
    "http_client": {"None", "an async client"},
    "allow_insecure_http": FLAG,
    # Those of authentication.
    "verifier": {"None"},
    "realm": TEXT,
    "resource_metadata": {"None"},
    # A key set has a `find` of its own, of another signature.
    "token_sources": {"a token source"},
    "allow_anonymous": FLAG,
    "require_keys_at_startup": FLAG,
    "report_only": {"[]"},
    "listener": {"None"} | FUNCTION - {"an async function"},
    "on_refused": {"None"} | FUNCTION,
    "error_body": {"None"} | FUNCTION,
    # Those of authorization.
    "requires": {"None"} | SOME_NAMES,
    "implied_scopes": {"None", "{}"},
    "resource": {"None"},
    # The middleware's.
    "public_paths": EMPTY,
    "allow_unauthenticated_preflight": FLAG,
    "health_path": {"None"},
    "end_at_expiry": FLAG,
    # FastAPI's.
    "login": {"None"},
    "scheme_name": TEXT,
    # The verifier's.
    "resolver": {"None"} | FUNCTION,
    "clock": {"a function"},
    "max_token_bytes": {"0", "1"},
    "verified_tokens": {"0", "1"},
}

ENTRY_POINTS: dict[str, Callable[..., object]] = {
    "TrustedIssuer": TrustedIssuer,
    "AccessTokenVerifier": AccessTokenVerifier,
    "JWTBearerMiddleware": lambda **options: JWTBearerMiddleware(application, **options),
    "JWTBearer": JWTBearer,
}
OF_ISSUER = set(IssuerOptions.__annotations__)
OF_VERIFIER = {"resolver", "clock", "max_token_bytes", "verified_tokens", "listener"}
OPTIONS: dict[str, set[str]] = {
    "TrustedIssuer": OF_ISSUER,
    "AccessTokenVerifier": OF_ISSUER | OF_VERIFIER,
    "JWTBearerMiddleware": set(MiddlewareOptions.__annotations__),
    "JWTBearer": set(BearerOptions.__annotations__) | {"login", "scheme_name"},
}


def constructed(entry_point: str, option: str, value: object) -> object:
    options: dict[str, Any] = {"issuer": ISSUER.issuer, "audience": ISSUER.audience}
    if option == "insecure_no_audience":
        del options["audience"]
    if option not in {"jwks_uri", "http_client", "keys"}:
        options["keys"] = KEYS
    return ENTRY_POINTS[entry_point](**{**options, option: value})


def sentence_of(construct: Callable[[], object]) -> str | None:
    """The sentence of the ConfigurationError; any other exception is a failure of the test."""
    try:
        construct()
    except ConfigurationError as refusal:
        return str(refusal)
    return None


@pytest.mark.parametrize(
    ("entry_point", "option"),
    [(entry_point, option) for entry_point in OPTIONS for option in sorted(OPTIONS[entry_point])],
)
def test_a_value_of_a_wrong_shape_is_refused_by_a_sentence(entry_point: str, option: str) -> None:
    """A11, F14: which names the option."""
    for shape, value in SHAPES.items():
        if shape in FITTING[option]:
            continue
        sentence = sentence_of(partial(constructed, entry_point, option, value))
        assert sentence is not None, f"{option}={shape} is not refused"
        assert option in sentence, f"{option}={shape}: {sentence}"


@pytest.mark.parametrize(
    ("option", "shape"),
    [
        (option, shape)
        for option, shapes in FITTING.items()
        for shape in sorted(shapes)
        if option in OF_ISSUER | OF_VERIFIER
    ],
)
def test_a_value_of_a_fitting_shape_is_taken(option: str, shape: str) -> None:
    """A11: or the page above would prove nothing."""
    if option == "issuer" or (option, shape) == ("insecure_no_audience", "False"):
        return
    constructed("AccessTokenVerifier", option, SHAPES[shape])


@pytest.mark.parametrize("entry_point", OPTIONS)
def test_a_misspelt_option_is_refused_by_a_sentence(entry_point: str) -> None:
    """A11"""
    for wrong, right in (("audiense", "audience"), ("algorithm", "algorithms")):
        with pytest.raises(ConfigurationError, match=f"Did you mean {right}"):
            constructed(entry_point, wrong, "x")


def test_no_option_is_left_out_of_this_page() -> None:
    """A11"""
    parameters = {
        name
        for entry_point in (AccessTokenVerifier, JWTBearerMiddleware, JWTBearer)
        for name, parameter in inspect.signature(entry_point).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    assert parameters | set.union(*OPTIONS.values()) == set(FITTING)


# The options of a key set, likewise.
FITTING_KEY_SETS: dict[str, set[str]] = {
    "jwks_uri": {"None"},
    "issuer": TEXT | {"None"},
    "max_age": {"1", "1.5"},
    "max_stale": {"0", "1", "1.5"},
    "max_wait": {"0", "1", "1.5"},
    "timeout": {"1", "1.5"},
    "refetch_burst": {"1"},
    "refetch_interval": {"1", "1.5"},
    "http_client": {"None", "an async client"},
    "fetch": {"None"} | FUNCTION,
    "allow_insecure_http": FLAG,
    "snapshot": {"None", '"false"', '""'},
    "listener": FUNCTION,
    "clock": {"a function"},
}


@pytest.mark.parametrize("option", FITTING_KEY_SETS)
def test_a_key_set_refuses_wrong_shapes_by_a_sentence(option: str) -> None:
    """A11, F14"""
    url = "https://issuer.example/jwks.json"
    for shape, value in SHAPES.items():
        if shape in FITTING_KEY_SETS[option]:
            continue
        options: dict[str, Any] = {} if option == "issuer" else {"jwks_uri": url}
        sentence = sentence_of(partial(RemoteJWKSet, **{**options, option: value}))
        assert sentence is not None, f"{option}={shape} is not refused"
        assert option in sentence, f"{option}={shape}: {sentence}"


TRUTHY: list[object] = [1, "no", "True", [False], object(), TrustedIssuer, math.nan, b"x"]


def answering(answer: object) -> Callable[..., Any]:
    """A predicate with this answer."""
    return lambda *_: answer


def answering_later(answer: object) -> Callable[..., Any]:
    """The same, async."""

    async def predicate(*_: object) -> object:
        return answer

    return predicate


@pytest.mark.anyio
@pytest.mark.parametrize("answer", TRUTHY, ids=lambda answer: type(answer).__name__)
async def test_a_predicate_that_returns_anything_but_true_lets_nobody_pass(answer: object) -> None:
    """G10, G8: it is the application's own error, and never a pass."""
    token = ISSUER.access_token()
    options: dict[str, Any] = {"issuer": ISSUER.issuer, "audience": ISSUER.audience, "keys": KEYS}
    predicates: list[dict[str, Any]] = [
        {"checks": [answering(answer)]},
        {"checks": [answering_later(answer)]},
        {"kind": answering(answer)},
    ]
    for given in predicates:
        with pytest.raises(TypeError):
            await AccessTokenVerifier(**options, **given).verify(token)
    accepted = await AccessTokenVerifier(**options).verify(token)
    for make in (answering, answering_later):
        with pytest.raises(TypeError):
            await Requirement(condition=make(answer)).enforce(accepted)


@pytest.mark.anyio
@pytest.mark.parametrize("answer", TRUTHY, ids=lambda answer: type(answer).__name__)
async def test_a_resolver_that_returns_anything_but_an_issuer_trusts_nobody(answer: object) -> None:
    """A11, F24: it failed, as the log says."""
    for make in (answering, answering_later):
        with pytest.raises(TemporarilyUnavailable):
            await AccessTokenVerifier(resolver=make(answer)).verify(ISSUER.access_token())


SECRET = "J3mT8vQzX5rKp1Lc9WbYd7GhNs2FaEu6"
URL = "https://a.example/"


def issuer_option(**options: Any) -> Callable[[], object]:
    return lambda: TrustedIssuer(**{"issuer": URL, "audience": "api", **options})


def environment(**variables: object) -> Callable[[], object]:
    named: Any = {
        f"ASGI_JWKS_{name}": text
        for name, text in {"ISSUER": URL, "AUDIENCE": "api", **variables}.items()
    }
    return lambda: settings_from_env(environ=named)


# What a program that tried shapes on every public name found to pass, or to end otherwise.
WRONG_CALLS: dict[str, tuple[Callable[[], object], str]] = {
    "an issuer with a space": (issuer_option(issuer=f"{URL} "), f"Write issuer='{URL}'."),
    "an issuer in quotes": (issuer_option(issuer=f"'{URL}'"), f"Write issuer='{URL}'."),
    "an issuer with a comma": (issuer_option(issuer=f"{URL},"), f"Write issuer='{URL}'."),
    "a placeholder": (issuer_option(issuer="https://${TENANT}.auth0.com/"), "a placeholder"),
    "a placeholder of a manual": (issuer_option(issuer="https://<x>.auth0.com/"), "a placeholder"),
    "Entra's common issuer": (
        issuer_option(issuer="https://login.microsoftonline.com/common/v2.0"),
        "Write entra_id(tenant=...",
    ),
    "an audience with a space": (issuer_option(audience="api "), "Write audience='api'."),
    "an audience with a line break": (issuer_option(audience=["a", "b\n"]), "Write audience='b'."),
    "metadata as jwks_uri": (
        issuer_option(jwks_uri=f"{URL}.well-known/openid-configuration"),
        "not of the issuer's metadata",
    ),
    "a key set's issuer": (
        lambda: RemoteJWKSet(f"{URL}jwks", issuer=cast("Any", 7)),
        "issuer must be a string",
    ),
    "a null byte in a path": (lambda: RemoteJWKSet(f"{URL}jwks", snapshot="a\0b"), "snapshot must"),
    "a number as secret": (lambda: SharedSecret(cast("Any", 7)), "takes bytes or text"),
    "a list as algorithm": (
        lambda: SharedSecret(SECRET, algorithm=cast("Any", ["HS256"])),
        "takes bytes or text",
    ),
    "scopes by name": (lambda: requires(**cast("Any", {"scopes": ["a"]})), "Write requires("),
    "a number as endpoint": (lambda: requires("a")(cast("Any", 7)), "needs an argument named"),
    "nothing as guarded application": (
        lambda: requires("a").around(cast("Any", None)),
        "app must be an ASGI application",
    ),
    "a path with escapes": (
        lambda: JWTBearerMiddleware(application, **GIVEN, public_paths=["/a%20b"]),
        "escapes are decoded",
    ),
    "a path with parameters": (
        lambda: JWTBearerMiddleware(application, **GIVEN, public_paths=["/a/{id}"]),
        "neither a query nor parameters",
    ),
    "a path with a query": (
        lambda: JWTBearerMiddleware(application, **GIVEN, public_paths=["/a?b"]),
        "neither a query nor parameters",
    ),
    "a field with a space": (
        lambda: CertificateField("X Cert", encoding="url", trusted_proxies=["127.0.0.1"]),
        "name of a header field",
    ),
    "JSON in a variable": (environment(AUDIENCE='["a"]'), "ASGI_JWKS_AUDIENCE: names are written"),
    "a quoted name in a variable": (environment(GRANTS="a 'b'"), "without quotes and brackets"),
    "a quoted domain": (
        lambda: settings_from_env(environ={"AUTH0_DOMAIN": '"a.b"', "AUTH0_AUDIENCE": "a"}),
        "AUTH0_DOMAIN: issuer has a placeholder or a character",
    ),
    "a number as variable": (environment(LEEWAY=7), "environ must be a mapping"),
    "a list as environment": (
        lambda: settings_from_env(environ=cast("Any", [])),
        "environ must be a mapping",
    ),
    "a number as prefix": (lambda: issuer_from_env(cast("Any", 7)), "prefix must be a string"),
    "nothing as request": (lambda: access_token(cast("Any", None)), "Write access_token(request)"),
    "a function as request": (
        lambda: bearer_token(cast("Any", function)),
        "Write access_token(request)",
    ),
    "a text as error": (
        lambda: refusal_of({}, cast("Any", "expired")),
        "Write refusal_of(request, error)",
    ),
    "a login without scheme": (
        lambda: OpenIDConnect(issuer="example.eu.auth0.com"),
        "issuer must be an absolute https URL",
    ),
    "a login at a word": (
        lambda: AuthorizationCode(issuer=URL, token_url="token"),
        "token_url must be an absolute https URL",
    ),
}
GIVEN: Any = {"issuer": URL, "audience": "api", "keys": KEYS}


@pytest.mark.parametrize(("call", "words"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_refused_by_a_sentence(call: Callable[[], object], words: str) -> None:
    """A11: at construction, and with the words to write."""
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        call()
