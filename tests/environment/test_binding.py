"""The environment on the binding of tokens: replay stores and sources of certificates."""

import sys
from collections.abc import Mapping
from typing import Any

import pytest

from asgi_jwks import (
    CertificateField,
    ClientCertField,
    ConfigurationError,
    EnvoyXFCC,
    TLSExtension,
    TrustedIssuer,
)
from asgi_jwks.environment import issuer_from_env, settings_from_env
from asgi_jwks.integrations.redis import RedisReplayStore

PREFIX = "ASGI_JWKS_"
ORIGIN = {"DPOP_PUBLIC_ORIGIN": "https://api.example.com"}
SECRET = "X-Proxy-Secret:8fK2pQx7Lw0ZrT4vYb6Nc1Md"


def environ(**variables: str) -> Mapping[str, str]:
    minimal = {"ISSUER": "https://issuer.example/", "AUDIENCE": "https://api.example.com"}
    return {f"{PREFIX}{name}": value for name, value in {**minimal, **variables}.items()}


def sources(**variables: str) -> list[Any]:
    settings: Any = settings_from_env(environ=environ(**variables))
    assert TrustedIssuer(**settings).binding is not None
    return list(settings["certificate_sources"])


@pytest.mark.parametrize("url", ["redis://redis.internal:6379/0", "rediss://h", "unix:///run/r"])
def test_used_proofs_are_kept_where_the_environment_says(url: str) -> None:
    """I12: the URL of Redis is enough for several workers; nothing connects before a proof."""
    pytest.importorskip("redis", reason="redis is an extra")
    variables = {**ORIGIN, "DPOP_REDIS_URL": url, "DPOP_REDIS_SURVIVES_RESTARTS": "true"}
    binding = issuer_from_env(environ=environ(**variables)).binding
    assert binding is not None
    assert binding.dpop is not None
    store = binding.dpop.memory_of_proofs
    assert isinstance(store, RedisReplayStore)
    assert store._survives_restarts
    del variables["DPOP_REDIS_SURVIVES_RESTARTS"]
    settings: Any = settings_from_env(environ=environ(**variables))
    forgetful = settings["dpop"].memory_of_proofs
    assert isinstance(forgetful, RedisReplayStore)
    assert not forgetful._survives_restarts


def test_a_store_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A11: told at the start, in a sentence that names the extra."""
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ConfigurationError, match=r"DPOP_REDIS_URL: .*asgi-jwks\[redis\]"):
        settings_from_env(environ=environ(**ORIGIN, DPOP_REDIS_URL="redis://h"))


@pytest.mark.parametrize("url", ["redis.internal:6379", "http://:hunter2@h", "redis://h:port"])
def test_a_url_that_is_wrong_is_not_repeated(url: str) -> None:
    """A11: it may hold a password."""
    pytest.importorskip("redis", reason="redis is an extra")
    with pytest.raises(ConfigurationError, match=r"DPOP_REDIS_URL: .*redis://") as refused:
        settings_from_env(environ=environ(**ORIGIN, DPOP_REDIS_URL=url))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Client-Cert", ClientCertField),
        ("X-Forwarded-Client-Cert", EnvoyXFCC),
        ("x-forwarded-client-cert", EnvoyXFCC),
        ("X-Client-Cert:url", CertificateField),
    ],
)
@pytest.mark.parametrize(
    "believed",
    [
        {"CERTIFICATE_TRUSTED_PROXIES": "10.0.0.7, 192.168.0.0/16 unix"},
        {"CERTIFICATE_PROXY_SECRET": SECRET},
        {"CERTIFICATE_TRUSTED_PROXIES": "10.0.0.7", "CERTIFICATE_PROXY_SECRET": SECRET},
    ],
)
def test_a_field_with_a_certificate_is_named_by_the_environment(
    text: str, kind: type, believed: dict[str, str]
) -> None:
    """J2, J3"""
    (source,) = sources(CERTIFICATE_SOURCES=text, **believed)
    assert type(source) is kind


def test_the_secret_of_a_proxy_may_have_a_colon() -> None:
    """J3: the first one ends the name of the field."""
    (source,) = sources(CERTIFICATE_SOURCES="Client-Cert", CERTIFICATE_PROXY_SECRET=f"{SECRET}:x")
    assert source._proxies._secret == (b"x-proxy-secret", b"8fK2pQx7Lw0ZrT4vYb6Nc1Md:x")


def test_the_server_s_own_connection_needs_no_proxy() -> None:
    """J2"""
    (source,) = sources(CERTIFICATE_SOURCES="tls")
    assert isinstance(source, TLSExtension)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"CERTIFICATE_SOURCES": "Client-Cert"}, "CERTIFICATE_SOURCES names a field that anybody"),
        ({"CERTIFICATE_SOURCES": "tls Client-Cert"}, "CERTIFICATE_SOURCES names a field"),
        ({"CERTIFICATE_TRUSTED_PROXIES": "10.0.0.7"}, "CERTIFICATE_SOURCES is not"),
        ({"CERTIFICATE_SOURCES": "X-Client-Cert"}, "CERTIFICATE_TRUSTED_PROXIES"),
        ({"CERTIFICATE_SOURCES": "tls X-Client-Cert"}, "CERTIFICATE_TRUSTED_PROXIES"),
        (
            {"CERTIFICATE_SOURCES": "X-Client-Cert", "CERTIFICATE_TRUSTED_PROXIES": "10.0.0.7"},
            r"CERTIFICATE_SOURCES: 'X-Client-Cert' is not a source",
        ),
        (
            {"CERTIFICATE_SOURCES": "X-Cert:hex", "CERTIFICATE_TRUSTED_PROXIES": "10.0.0.7"},
            "CERTIFICATE_SOURCES: encoding must be",
        ),
        (
            {"CERTIFICATE_SOURCES": "Client-Cert", "CERTIFICATE_TRUSTED_PROXIES": "proxy"},
            "CERTIFICATE_TRUSTED_PROXIES: ",
        ),
        (
            {"CERTIFICATE_SOURCES": "Client-Cert", "CERTIFICATE_PROXY_SECRET": "X-Secret:short"},
            "CERTIFICATE_PROXY_SECRET: ",
        ),
        (
            {"CERTIFICATE_SOURCES": "Client-Cert", "CERTIFICATE_PROXY_SECRET": "hunter2"},
            "CERTIFICATE_PROXY_SECRET: .*with a colon",
        ),
        ({**ORIGIN, "DPOP_REDIS_SURVIVES_RESTARTS": "true"}, "DPOP_REDIS_URL is not"),
        ({"DPOP_REDIS_URL": "redis://h"}, "DPOP_PUBLIC_ORIGIN is not set"),
    ],
)
def test_a_mistake_about_bindings_is_told_by_the_name_of_its_variable(
    variables: dict[str, str], told: str
) -> None:
    """A11, J3"""
    with pytest.raises(ConfigurationError, match=f"{PREFIX}{told}") as refused:
        settings_from_env(environ=environ(**variables))
    assert "hunter2" not in str(refused.value)
