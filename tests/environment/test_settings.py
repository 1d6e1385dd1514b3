"""The environment as configuration: what it may say, and how its mistakes are told."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from asgi_jwks import (
    ConfigurationError,
    DPoPNonces,
    JWTBearerMiddleware,
    RemoteJWKSet,
    TrustedIssuer,
)
from asgi_jwks.environment import VARIABLES, issuer_from_env, settings_from_env
from asgi_jwks.keys.private_file import PrivateFile

MINIMAL = {
    "ASGI_JWKS_ISSUER": "https://issuer.example/",
    "ASGI_JWKS_AUDIENCE": "https://api.example.com",
}


def settings(**variables: str) -> Mapping[str, Any]:
    named = {f"ASGI_JWKS_{name}": value for name, value in variables.items()}
    return settings_from_env(environ={**MINIMAL, **named})


def test_issuer_and_audience_are_enough() -> None:
    assert settings_from_env(environ=MINIMAL) == {
        "issuer": "https://issuer.example/",
        "audience": ("https://api.example.com",),
    }


def test_the_process_environment_is_read_unless_another_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in MINIMAL.items():
        monkeypatch.setenv(name, value)
    assert settings_from_env() == settings_from_env(environ=MINIMAL)


def test_the_settings_configure_the_middleware() -> None:
    app = Starlette()
    app.add_middleware(JWTBearerMiddleware.configured(**settings_from_env(environ=MINIMAL)))
    assert app.build_middleware_stack() is not None


def test_the_absence_of_an_audience_is_said_by_its_name_and_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """G13"""
    environ = {
        "ASGI_JWKS_ISSUER": "https://issuer.example/",
        "ASGI_JWKS_INSECURE_NO_AUDIENCE": "true",
        "ASGI_JWKS_LEEWAY": "2",
    }
    options = settings_from_env(environ=environ)
    assert options["insecure_no_audience"] is True
    assert not caplog.records
    assert issuer_from_env(environ=environ).rules.audiences is None
    assert len(caplog.records) == 1


def test_an_audience_beside_its_absence_is_a_mistake() -> None:
    """G13"""
    with pytest.raises(ConfigurationError, match=r"^ASGI_JWKS_INSECURE_NO_AUDIENCE: "):
        settings(INSECURE_NO_AUDIENCE="true")
    assert settings(INSECURE_NO_AUDIENCE="false")["audience"]


def test_an_audience_is_not_left_out_by_a_word_that_means_no() -> None:
    """G13"""
    environ = {**MINIMAL, "ASGI_JWKS_AUDIENCE": "", "ASGI_JWKS_INSECURE_NO_AUDIENCE": "false"}
    with pytest.raises(ConfigurationError, match=r"^ASGI_JWKS_AUDIENCE is not set"):
        settings_from_env(environ=environ)


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("AUDIENCE", "one, two three", ("one", "two", "three")),
        ("JWKS_URI", "https://issuer.example/keys", "https://issuer.example/keys"),
        ("ALGORITHMS", "RS256,ES256", ("RS256", "ES256")),
        ("LEEWAY", "2.5", 2.5),
        ("MIN_RSA_BITS", "3072", 3072),
        ("PROFILE", "rfc9068", "rfc9068"),
        ("AUDIENCE_CLAIM", "client_id", "client_id"),
        ("REQUIRED_CLAIMS", "sub org_id", ("sub", "org_id")),
        ("GATEWAY_PROVES_BINDING", "true", True),
        ("ALLOW_INSECURE_HTTP", "0", False),
        ("GRANTS", "read:messages admin", ("read:messages", "admin")),
        ("IDENTITY", "qualified", "qualified"),
        ("REALM", "orders", "orders"),
        ("RESOURCE_METADATA", "https://api.example.com/meta", "https://api.example.com/meta"),
        ("PUBLIC_PATHS", "/health /static/*", ("/health", "/static/*")),
        ("ALLOW_ANONYMOUS", "TRUE", True),
        ("ALLOW_UNAUTHENTICATED_PREFLIGHT", "1", True),
        ("HEALTH_PATH", "/health", "/health"),
        ("END_AT_EXPIRY", "true", True),
        ("REQUIRE_KEYS_AT_STARTUP", "False", False),
    ],
)
def test_each_variable_sets_its_option(variable: str, text: str, value: object) -> None:
    assert settings(**{variable: text})[variable.lower()] == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("MAX_AGE", "300"),
        ("MAX_STALE", "0"),
        ("MAX_WAIT", "0.5"),
        ("TIMEOUT", "2"),
        ("REFETCH_BURST", "5"),
        ("REFETCH_INTERVAL", "60"),
    ],
)
def test_a_key_set_s_variable_makes_a_key_set_of_the_issuer(variable: str, text: str) -> None:
    keys = settings(**{variable: text, "JWKS_URI": "https://issuer.example/keys"})
    assert isinstance(keys["keys"], RemoteJWKSet)
    assert keys["keys"].name == "https://issuer.example/"
    assert "jwks_uri" not in keys


def test_a_snapshot_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F23: it is looked at once, by the key set that is made."""
    read: list[Path] = []
    monkeypatch.setattr(PrivateFile, "read", lambda file: read.append(file.path))
    path = tmp_path / "keys.json"
    assert isinstance(settings(SNAPSHOT=str(path))["keys"], RemoteJWKSet)
    assert read == [path]


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("ISSUER", "issuer.example"),
        ("ISSUER", "http://issuer.example/"),
        ("AUDIENCE", " , "),
        ("JWKS_URI", "http://issuer.example/keys"),
        ("ALGORITHMS", "RS257"),
        ("ALGORITHMS", "HS256"),
        ("LEEWAY", "five"),
        ("MIN_RSA_BITS", "1024"),
        ("LEEWAY", "nan"),
        ("LEEWAY", "301"),
        ("PROFILE", "rfc7519"),
        ("GATEWAY_PROVES_BINDING", "yes"),
        ("MAX_AGE", "-1"),
        ("TIMEOUT", "inf"),
        ("REALM", 'my "api"'),
        ("RESOURCE_METADATA", "https://api.example.com/\u00fc"),
        ("PUBLIC_PATHS", "health"),
        ("HEALTH_PATH", "health"),
        ("IDENTITY", "email"),
        ("REFETCH_BURST", "2.5"),
        ("REFETCH_BURST", "0"),
        ("INSECURE_NO_AUDIENCE", "maybe"),
    ],
)
def test_a_wrong_value_is_told_by_the_name_of_its_variable(variable: str, text: str) -> None:
    """F14: at construction, and with a sentence that says what to write."""
    with pytest.raises(ConfigurationError, match=f"^ASGI_JWKS_{variable}: "):
        settings(**{variable: text})


@pytest.mark.parametrize("missing", ["ISSUER", "AUDIENCE"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_neither_issuer_nor_audience_can_be_left_out(missing: str, how: str) -> None:
    environ = dict(MINIMAL)
    if how == "absent":
        del environ[f"ASGI_JWKS_{missing}"]
    else:
        environ[f"ASGI_JWKS_{missing}"] = ""
    with pytest.raises(ConfigurationError, match=f"^ASGI_JWKS_{missing} is not set"):
        settings_from_env(environ=environ)


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("value", ["orders", "o", ""])
def test_quotes_around_a_value_are_told(quote: str, value: str) -> None:
    """A11: docker's --env-file keeps them; a secret is not repeated."""
    with pytest.raises(ConfigurationError, match=r"^ASGI_JWKS_REALM: the quotes are a") as error:
        settings(REALM=f"{quote}{value}{quote}")
    assert "orders" not in str(error.value)


@pytest.mark.parametrize("wrong", [{"ASGI_JWKS_LEEWAY": 5}, {b"PATH": "/"}, [("A", "b")], "A=b"])
def test_an_environment_that_is_not_one_of_texts_is_a_mistake(wrong: Any) -> None:
    """A11: whichever part of it is of another type."""
    with pytest.raises(ConfigurationError, match=r"^environ must be a mapping of variables"):
        settings_from_env(environ=wrong)


@pytest.mark.parametrize("wrong", ["", None, 5])
def test_a_prefix_that_is_not_a_text_is_a_mistake(wrong: Any) -> None:
    """A11: the sentence is one that can be copied."""
    with pytest.raises(ConfigurationError) as error:
        settings_from_env(wrong, environ=MINIMAL)
    assert str(error.value) == (
        f"prefix must be a string that is not empty; got {wrong!r}. Write for example "
        "prefix='ASGI_JWKS_'."
    )


def test_the_variables_of_the_guide_are_settings() -> None:
    """A container that reaches its issuer by another address than clients do."""
    guide = Path(__file__).parents[2] / "docs" / "guides" / "operating.md"
    blocks = re.findall(r"^environment:\n((?:  .*\n)+)", guide.read_text("utf-8"), re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        pairs = (line.split(": ", 1) for line in block.splitlines())
        environ = {name.strip(): value.strip('"') for name, value in pairs}
        JWTBearerMiddleware(Starlette(), **settings_from_env(environ=environ))


@pytest.mark.parametrize("name", ["asgi_jwks_public_paths", "Asgi_Jwks_Public_Paths"])
def test_a_variable_in_lower_case_is_a_mistake(name: str) -> None:
    """A11: it would go unnoticed."""
    with pytest.raises(ConfigurationError, match=r"^[aA].* Did you mean ASGI_JWKS_PUBLIC_PATHS"):
        settings_from_env(environ=MINIMAL | {name: "/health"})
    settings_from_env(environ=MINIMAL | {"asgi_jwks_of_somebody_else": "x"})


@pytest.mark.parametrize("text", ['["a", "b"]', '["a"', '{"a": 1}', "{a}"])
def test_names_in_json_are_a_mistake(text: str) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=r"GRANTS: names are written without quotes and"):
        settings_from_env(environ=MINIMAL | {"ASGI_JWKS_GRANTS": text})


def test_one_quote_is_a_text() -> None:
    assert settings(REALM="'")["realm"] == "'"


def test_a_misspelt_variable_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError) as error:
        settings(LEWAY="5")
    assert str(error.value) == (
        "ASGI_JWKS_LEWAY is not a variable of asgi-jwks, and a misspelt one would go unnoticed. "
        "Did you mean ASGI_JWKS_LEEWAY?"
    )
    with pytest.raises(ConfigurationError, match=r"There are ISSUER, .*, each after ASGI_JWKS_\."):
        settings(ZZZ="5")


def test_variables_of_other_prefixes_are_not_looked_at() -> None:
    environ = {"ORDERS_ISSUER": "https://i.example/", "ORDERS_AUDIENCE": "a", "ASGI_JWKS_X": "1"}
    assert settings_from_env("ORDERS_", environ=environ)["issuer"] == "https://i.example/"


def test_an_issuer_that_is_no_url_may_have_a_url_for_its_keys() -> None:
    assert settings(ISSUER="accounts", JWKS_URI="https://i.example/keys")["issuer"] == "accounts"


@pytest.mark.parametrize("of_keys", [{}, {"TIMEOUT": "2"}])
def test_insecure_http_is_accepted_only_by_that_name(of_keys: dict[str, str]) -> None:
    """F12, A11: also where other variables are the key set's own."""
    plain = {"ISSUER": "http://issuer.internal/", **of_keys}
    settings_with = settings(**plain, ALLOW_INSECURE_HTTP="true")
    assert TrustedIssuer(**settings_with).issuer == "http://issuer.internal/"
    for refused in ({}, {"ALLOW_INSECURE_HTTP": "false"}):
        with pytest.raises(ConfigurationError, match="https"):
            TrustedIssuer(**settings(**plain, **refused))


@pytest.mark.parametrize("said", [{}, {"ALLOW_INSECURE_HTTP": "false"}])
def test_a_key_set_of_variables_takes_no_plain_http_unless_that_is_said(
    said: dict[str, str],
) -> None:
    """F12, F24: from this machine itself, and only where none of its tenants could choose it."""
    local = {"JWKS_URI": "http://127.0.0.1/keys", "TIMEOUT": "2"}
    assert settings(**local, **said)["keys"].relies_on_loopback is True
    assert settings(**local, ALLOW_INSECURE_HTTP="true")["keys"].relies_on_loopback is False


AUTH0 = {"AUTH0_DOMAIN": "example.eu.auth0.com", "AUTH0_AUDIENCE": "https://api.example.com"}


def test_auth0_s_own_names_serve_as_well() -> None:
    assert settings_from_env(environ=AUTH0) == {
        "issuer": "https://example.eu.auth0.com/",
        "audience": ("https://api.example.com",),
    }


@pytest.mark.parametrize(
    "domain", ["https://example.eu.auth0.com", "example.eu.auth0.com/", "example.eu.auth0.com:443"]
)
def test_an_auth0_domain_is_no_url(domain: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^AUTH0_DOMAIN .*example\.eu\.auth0\.com"):
        settings_from_env(environ={**AUTH0, "AUTH0_DOMAIN": domain})


def test_a_wrong_value_in_auth0_s_names_is_told_by_them() -> None:
    with pytest.raises(ConfigurationError, match=r"^AUTH0_DOMAIN: "):
        settings_from_env(environ={**AUTH0, "AUTH0_DOMAIN": "#"})
    with pytest.raises(ConfigurationError, match=r"^AUTH0_AUDIENCE: "):
        settings_from_env(environ={**AUTH0, "AUTH0_AUDIENCE": " "})


def test_auth0_s_names_are_not_looked_at_where_an_issuer_is_named() -> None:
    assert settings_from_env(environ={**AUTH0, **MINIMAL, "AUTH0_AUDIENCE": "other"}) == (
        settings_from_env(environ=MINIMAL)
    )


def test_an_auth0_domain_may_have_its_audience_by_either_name() -> None:
    domain = {"AUTH0_DOMAIN": "example.eu.auth0.com"}
    audience = {"ASGI_JWKS_AUDIENCE": "https://api.example.com"}
    assert settings_from_env(environ=domain | audience) == settings_from_env(environ=AUTH0)
    assert settings_from_env(environ=AUTH0 | audience) == settings_from_env(environ=AUTH0)


def test_two_audiences_that_differ_are_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match=r"^ASGI_JWKS_AUDIENCE and AUTH0_AUDIENCE "):
        settings_from_env(environ={**AUTH0, "ASGI_JWKS_AUDIENCE": "other"})


def test_an_issuer_can_be_had_by_itself() -> None:
    issuer = issuer_from_env(environ=MINIMAL)
    assert issuer.rules.issuer == "https://issuer.example/"
    assert issuer.rules.audiences == frozenset({"https://api.example.com"})


def test_one_of_several_issuers_has_a_prefix_of_its_own() -> None:
    environ = {**MINIMAL, "ORDERS_ISSUER": "https://i.example/", "ORDERS_AUDIENCE": "a"}
    assert issuer_from_env("ORDERS_", environ=environ).issuer == "https://i.example/"


def test_an_issuer_does_not_say_how_requests_are_answered() -> None:
    with pytest.raises(ConfigurationError, match=r"^ASGI_JWKS_REALM is not about an issuer"):
        issuer_from_env(environ={**MINIMAL, "ASGI_JWKS_REALM": "orders"})


def test_the_list_of_variables_is_pinned() -> None:
    pinned = (
        *("ISSUER", "AUDIENCE", "JWKS_URI", "ALGORITHMS", "MIN_RSA_BITS", "LEEWAY", "PROFILE"),
        *("INSECURE_NO_AUDIENCE", "GRANTS", "IDENTITY", "REQUIRED_CLAIMS"),
        *("GATEWAY_PROVES_BINDING", "ALLOW_INSECURE_HTTP", "AUDIENCE_CLAIM"),
        *("DPOP_PUBLIC_ORIGIN", "DPOP_MODE", "DPOP_ALGORITHMS", "DPOP_PROOF_MAX_AGE"),
        *("DPOP_ON_STORE_FAILURE", "DPOP_PROOFS_PER_SENDER", "DPOP_CONSUME_PROOFS"),
        *("DPOP_NONCE_SECRETS", "DPOP_NONCE_PERIOD", "DPOP_REDIS_URL"),
        *("DPOP_REDIS_SURVIVES_RESTARTS", "CERTIFICATE_SOURCES"),
        *("CERTIFICATE_TRUSTED_PROXIES", "CERTIFICATE_PROXY_SECRET"),
        *("MAX_AGE", "MAX_STALE", "MAX_WAIT"),
        *("TIMEOUT", "REFETCH_BURST", "REFETCH_INTERVAL", "SNAPSHOT", "REALM"),
        *("RESOURCE_METADATA", "ALLOW_ANONYMOUS", "REQUIRE_KEYS_AT_STARTUP", "REQUIRES"),
        *("RESOURCE", "PUBLIC_PATHS", "ALLOW_UNAUTHENTICATED_PREFLIGHT", "HEALTH_PATH"),
        "END_AT_EXPIRY",
    )
    assert pinned == VARIABLES


def test_nothing_is_logged_about_a_configuration_that_is_right(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "asgi_jwks")
    settings(TIMEOUT="2", ALLOW_ANONYMOUS="true")
    assert not caplog.records


DPOP_SECRET = "Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"


def test_proofs_are_demanded_by_the_environment() -> None:
    """I1, I8, I14: the options of DPoP, each after DPOP_."""
    options = settings(
        DPOP_PUBLIC_ORIGIN="https://api.example.com https://api.example.org/v1",
        DPOP_MODE="required",
        DPOP_ALGORITHMS="ES256",
        DPOP_PROOF_MAX_AGE="120",
        DPOP_NONCE_SECRETS=DPOP_SECRET,
        DPOP_NONCE_PERIOD="30",
        DPOP_CONSUME_PROOFS="false",
    )
    dpop = options["dpop"]
    assert dpop.public_origins == ("https://api.example.com", "https://api.example.org/v1")
    assert (dpop.mode, dpop.algorithms) == ("required", ("ES256",))
    assert dpop._rules.nonces == DPoPNonces((DPOP_SECRET,), 30)
    assert JWTBearerMiddleware.configured(**options)(Starlette()).verifier.sees_proofs
    without_nonces = settings(DPOP_PUBLIC_ORIGIN="https://api.example.com")
    assert without_nonces["dpop"].mode == "allowed"
    assert without_nonces["dpop"]._rules.nonces is None
    with_nonces = settings(DPOP_PUBLIC_ORIGIN="https://a.example", DPOP_NONCE_SECRETS=DPOP_SECRET)
    assert with_nonces["dpop"]._rules.nonces == DPoPNonces((DPOP_SECRET,))


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"DPOP_MODE": "required"}, "ASGI_JWKS_DPOP_PUBLIC_ORIGIN is not set"),
        ({"DPOP_PUBLIC_ORIGIN": "api.example.com"}, "ASGI_JWKS_DPOP_PUBLIC_ORIGIN: "),
        (
            {"DPOP_PUBLIC_ORIGIN": "https://api.example.com", "DPOP_MODE": "off"},
            "ASGI_JWKS_DPOP_MODE: ",
        ),
        (
            {"DPOP_PUBLIC_ORIGIN": "https://api.example.com", "DPOP_NONCE_SECRETS": "short"},
            "ASGI_JWKS_DPOP_NONCE_SECRETS: ",
        ),
        (
            {"DPOP_PUBLIC_ORIGIN": "https://api.example.com", "DPOP_NONCE_PERIOD": "30"},
            "ASGI_JWKS_DPOP_NONCE_SECRETS is not",
        ),
        (
            {
                "DPOP_PUBLIC_ORIGIN": "https://api.example.com",
                "DPOP_NONCE_SECRETS": DPOP_SECRET,
                "DPOP_NONCE_PERIOD": "1",
            },
            "ASGI_JWKS_DPOP_NONCE_PERIOD: ",
        ),
    ],
)
def test_a_mistake_about_proofs_is_told_by_the_name_of_its_variable(
    variables: dict[str, str], named: str
) -> None:
    """I8, A11"""
    with pytest.raises(ConfigurationError, match=named):
        settings(**variables)
