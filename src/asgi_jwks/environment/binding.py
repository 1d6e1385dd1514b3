"""The values of the variables about sender-constrained tokens: DPoP, and client certificates."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from asgi_jwks.binding.certificate_sources import (
    CertificateField,
    CertificateSource,
    ClientCertField,
    EnvoyXFCC,
    TLSExtension,
)
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.binding.nonce import DPoPNonces
from asgi_jwks.binding.replay import ReplayStore
from asgi_jwks.errors import ConfigurationError

__all__ = ["certificate_sources_of", "check_certificate_variable", "dpop_of"]

_FIELDS: Final = {"client-cert": ClientCertField, "x-forwarded-client-cert": EnvoyXFCC}

# Known to be right, for the check of one variable alone.
_SOME_PROXIES: Final = ("127.0.0.1",)


def dpop_of(options: Mapping[str, Any]) -> DPoP:
    """The demands on DPoP proofs that variables name.

    Raises:
        ConfigurationError: one is wrong, or redis-py is not installed.
    """
    given = {name.removeprefix("dpop_"): value for name, value in options.items()}
    secrets, period = given.pop("nonce_secrets", None), given.pop("nonce_period", 60.0)
    nonces = None if secrets is None else DPoPNonces(secrets, period)
    store = _redis_store_of(
        given.pop("redis_url", None),
        survives_restarts=given.pop("redis_survives_restarts", False),
    )
    return DPoP(**given, nonces=nonces, replay_store=store)


def certificate_sources_of(values: Mapping[str, Any]) -> Sequence[CertificateSource]:
    """The sources of certificates that variables name.

    Args:
        values: some of `certificate_sources`, `certificate_trusted_proxies` and
            `certificate_proxy_secret`. A source is `tls`, `Client-Cert`, `X-Forwarded-Client-Cert`,
            or another field with its encoding, such as `X-Client-Cert:url`.

    Raises:
        ConfigurationError: one is wrong.
    """
    believed = {
        "trusted_proxies": values.get("certificate_trusted_proxies"),
        "proxy_secret": _proxy_secret(values.get("certificate_proxy_secret")),
    }
    return [_source(name, believed) for name in values["certificate_sources"]]


def check_certificate_variable(name: str, value: Any) -> None:
    """Check the value of one variable, beside others that are right. Raises ConfigurationError."""
    some = {"certificate_sources": ("Client-Cert",)}
    if name == "certificate_sources":
        some["certificate_trusted_proxies"] = _SOME_PROXIES
    certificate_sources_of({**some, name: value})


def _source(text: str, believed: Mapping[str, Any]) -> CertificateSource:
    name, colon, encoding = text.partition(":")
    if colon:
        # An encoding that is not known is refused there.
        return CertificateField(name, encoding=_any(encoding), **believed)
    if text == "tls":
        return TLSExtension()
    if name.lower() in _FIELDS:
        return _FIELDS[name.lower()](**believed)
    raise ConfigurationError(
        f"{text!r} is not a source of certificates. Write tls, Client-Cert, "
        "X-Forwarded-Client-Cert, or another field and its encoding, such as X-Client-Cert:url."
    )


def _proxy_secret(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    name, colon, secret = text.partition(":")
    if not colon:
        # The text is not repeated: it may be the secret alone.
        raise ConfigurationError(
            "it is the name of a field and the secret that the proxy writes into it, with a colon "
            "between them. Write for example X-Proxy-Secret:..."
        )
    return name.strip(), secret.strip()


def _any(text: str) -> Any:
    return text


def _redis_store_of(url: str | None, *, survives_restarts: bool) -> ReplayStore | None:
    """The replay store at a URL; None without one."""
    if url is None:
        return None
    # Imported late: whoever has no such variable has no redis-py either.
    from asgi_jwks.integrations.redis import RedisReplayStore

    return RedisReplayStore.from_url(url, survives_restarts=survives_restarts)
