"""The variables of one prefix: read, checked, and named where they are wrong."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from asgi_jwks.environment.checks import check_value
from asgi_jwks.environment.options import OF_CERTIFICATES, OF_DPOP, PARSERS, VARIABLES
from asgi_jwks.errors import ConfigurationError

__all__ = ["Variables"]

_QUOTES: Final = "'\""


class Variables:
    """The variables of one prefix, each remembered by the option that it sets."""

    def __init__(self, prefix: str, environ: Mapping[str, str]) -> None:
        self._prefix: Final = prefix
        self._environ: Final = environ
        self._names: Final = {name: f"{prefix}{name.upper()}" for name in PARSERS}

    def read(self) -> dict[str, Any]:
        """All options that are set, each checked."""
        self._refuse_unknown()
        # An empty variable is how deployments say that there is none.
        texts = {n: v for n, name in self._names.items() if (v := self._environ.get(name))}
        if "issuer" not in texts:
            self._add_auth0(texts)
        self._refuse_quotes(texts)
        values = {name: self._told(name, PARSERS[name], text) for name, text in texts.items()}
        self._require_issuer_and_audience(values)
        self._require_origin(values)
        self._require_certificate_sources(values)
        for name in values:
            self._told(name, check_value, name, values)
        return values

    def _told(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function whose errors are told by the name of a variable."""
        try:
            return function(*arguments)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self._names[name]}: {error}") from None

    def _refuse_quotes(self, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
                # The value is not repeated: it may be a secret.
                raise ConfigurationError(
                    f"{self._names[name]}: the quotes are a part of the value, as a file of "
                    "docker's --env-file hands them on. Write it without them."
                )

    def _require_issuer_and_audience(self, values: Mapping[str, Any]) -> None:
        needed = ["issuer"] if values.get("insecure_no_audience") else ["issuer", "audience"]
        for name in needed:
            if name not in values:
                raise ConfigurationError(
                    f"{self._names[name]} is not set. Set {self._prefix}ISSUER and "
                    f"{self._prefix}AUDIENCE, or AUTH0_DOMAIN and AUTH0_AUDIENCE."
                )

    def _require_origin(self, values: Mapping[str, Any]) -> None:
        given = [name for name in OF_DPOP if name in values]
        if given and "dpop_public_origin" not in values:
            raise ConfigurationError(
                f"{self._names['dpop_public_origin']} is not set, and {self._names[given[0]]} is. "
                "Set it to the address by which clients reach this API."
            )
        if "dpop_nonce_period" in values and "dpop_nonce_secrets" not in values:
            raise ConfigurationError(
                f"{self._names['dpop_nonce_period']} is set, and "
                f"{self._names['dpop_nonce_secrets']} is not. Set both."
            )
        if "dpop_redis_survives_restarts" in values and "dpop_redis_url" not in values:
            raise ConfigurationError(
                f"{self._names['dpop_redis_survives_restarts']} is set, and "
                f"{self._names['dpop_redis_url']} is not. Set both."
            )

    def _require_certificate_sources(self, values: Mapping[str, Any]) -> None:
        sources = values.get("certificate_sources")
        given = [name for name in OF_CERTIFICATES if name in values]
        if given and sources is None:
            raise ConfigurationError(
                f"{self._names[given[0]]} is set, and {self._names['certificate_sources']} is not. "
                "Set it to the source of certificates, such as Client-Cert."
            )
        if given == ["certificate_sources"] and set(sources or ()) != {"tls"}:
            raise ConfigurationError(
                f"{self._names['certificate_sources']} names a field that anybody can write. Set "
                f"{self._names['certificate_trusted_proxies']} to the proxies that are believed, "
                f"or {self._names['certificate_proxy_secret']}."
            )

    def _refuse_unknown(self) -> None:
        for name in sorted(self._environ):
            # In lower case it would go unnoticed as well.
            is_meant = name.startswith(self._prefix) or name.upper() in self._names.values()
            if is_meant and name not in self._names.values():
                close = get_close_matches(name.upper().removeprefix(self._prefix), VARIABLES)
                hint = (
                    f"Did you mean {self._prefix}{close[0]}?"
                    if close
                    else f"There are {', '.join(VARIABLES)}, each after {self._prefix}."
                )
                raise ConfigurationError(
                    f"{name} is not a variable of asgi-jwks, and a misspelt one would go "
                    f"unnoticed. {hint}"
                )

    def _add_auth0(self, texts: dict[str, str]) -> None:
        domain = self._environ.get("AUTH0_DOMAIN")
        if not domain:
            return
        if "/" in domain or ":" in domain:
            raise ConfigurationError(
                f"AUTH0_DOMAIN is the domain alone, without https:// and slashes, such as "
                f"example.eu.auth0.com; got {domain!r}."
            )
        texts["issuer"] = f"https://{domain}/"
        self._names["issuer"] = "AUTH0_DOMAIN"
        audience = self._environ.get("AUTH0_AUDIENCE")
        if audience and texts.setdefault("audience", audience) != audience:
            raise ConfigurationError(
                f"{self._prefix}AUDIENCE and AUTH0_AUDIENCE are both set, and differ. Set one."
            )
        if audience:
            self._names["audience"] = "AUTH0_AUDIENCE"
