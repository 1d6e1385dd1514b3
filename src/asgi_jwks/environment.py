"""Configuration from the environment, as it is deployed.

The variables and how their texts become values follow from the types of the options; each value is
checked where it belongs, one at a time, so that a mistake is told by the name of its variable.

    ASGI_JWKS_ISSUER=https://example.eu.auth0.com/
    ASGI_JWKS_AUDIENCE=https://api.example.com

    app = JWTBearerMiddleware(app, **settings_from_env())

An Auth0 application may be configured by AUTH0_DOMAIN and AUTH0_AUDIENCE instead, as Auth0's own
documentation names them; they are looked at where no issuer is named.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from asgi_jwks._environment_binding import (
    certificate_sources_of,
    check_certificate_variable,
    redis_store_of,
)
from asgi_jwks.asgi.middleware import JWTBearerMiddleware, MiddlewareOptions
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.binding.nonce import DPoPNonces
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.trusted_issuer import IssuerOptions, TrustedIssuer

__all__ = ["VARIABLES", "issuer_from_env", "settings_from_env"]

Parser = Callable[[str], Any]


def _text(text: str) -> str:
    return text


def _names(text: str) -> tuple[str, ...]:
    """Names separated by spaces or commas; neither occurs in one of them."""
    return tuple(text.replace(",", " ").split())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a number. Write seconds, such as 5.") from None


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a whole number. Write 2.") from None


def _true_or_false(text: str) -> bool:
    answers = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in answers:
        raise ConfigurationError(f"{text!r} is neither true nor false. Write one of them.")
    return answers[text.lower()]


def _parser(kind: Any) -> Parser | None:
    """The parser for values of an option's type; None where no text can say them."""
    kinds = [part for part in get_args(kind) if part is not type(None)]
    if get_origin(kind) is Literal:
        return _text
    if get_origin(kind) is Mapping:
        return None
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if Iterable[str] == kind or Iterable[str] in kinds:
        return _names
    parsers = [_parser(part) for part in kinds if get_origin(kind) is not Callable]
    return _text if _text in parsers else None


_SIMPLE: Final[Mapping[object, Parser]] = {
    str: _text,
    float: _number,
    int: _whole_number,
    bool: _true_or_false,
}


def _parsers(hints: Mapping[str, Any]) -> dict[str, Parser]:
    found = {name: _parser(kind) for name, kind in hints.items()}
    return {name: parser for name, parser in found.items() if parser is not None}


# Those that are required come first, also where all are listed.
_OF_ISSUER: Final = _parsers({"issuer": str, "audience": str, **get_type_hints(IssuerOptions)})
_OF_MIDDLEWARE: Final = {
    name: parser
    for name, parser in _parsers(get_type_hints(MiddlewareOptions)).items()
    if name not in _OF_ISSUER
}
# A key set's options but for those that are the issuer's as well.
_OF_KEYS: Final = {
    name: parser
    for name, parser in _parsers(get_type_hints(RemoteJWKSet.__init__)).items()
    if name not in _OF_ISSUER
}
# The options of DPoP; nonces are told by theirs.
_OF_DPOP: Final = {
    f"dpop_{name}": parser
    for name, parser in _parsers(
        {
            **get_type_hints(DPoP.__init__),
            "nonce_secrets": Iterable[str],
            "nonce_period": float,
            "redis_url": str,
            "redis_survives_restarts": bool,
        }
    ).items()
}
_OF_CERTIFICATES: Final[Mapping[str, Parser]] = {
    "certificate_sources": _names,
    "certificate_trusted_proxies": _names,
    "certificate_proxy_secret": _text,
}
_PARSERS: Final = {**_OF_ISSUER, **_OF_DPOP, **_OF_CERTIFICATES, **_OF_KEYS, **_OF_MIDDLEWARE}

# Known to be right, for checking other options with.
_SOME_ISSUER: Final[IssuerOptions] = {"issuer": "https://issuer.example/", "audience": "api"}
_SOME_KEYS: Final = "https://issuer.example/keys"
_SOME_ORIGIN: Final = "https://api.example"
_SOME_SECRET: Final = ("J3mT8vQzX5rKp1Lc9WbYd7GhNs2FaEu6",)

VARIABLES: Final = tuple(name.upper() for name in _PARSERS)
"""The names of all variables, without their prefix: the options of TrustedIssuer, RemoteJWKSet and
JWTBearerMiddleware in capitals, and those of DPoP after DPOP_. Lists are separated by spaces or
commas; durations are seconds."""


def settings_from_env(
    prefix: str = "ASGI_JWKS_", *, environ: Mapping[str, str] | None = None
) -> MiddlewareOptions:
    """The options of JWTBearerMiddleware that the environment names.

    Args:
        prefix: the beginning of the names of all variables; see VARIABLES.
        environ: the variables; those of the process unless given.

    Raises:
        ConfigurationError: no issuer or audience is named, a value is wrong, or a variable has the
            prefix and is none of those known. The message names the variable.
    """
    values = _Variables(prefix, os.environ if environ is None else environ).read()
    of_keys = {name: values.pop(name) for name in _OF_KEYS if name in values}
    if of_keys:
        # The issuer's own options cannot say these: they are the key set's.
        values["keys"] = RemoteJWKSet(
            values.pop("jwks_uri", None),
            issuer=values["issuer"],
            allow_insecure_http=values.pop("allow_insecure_http", False),
            **of_keys,
        )
    of_dpop = {name: values.pop(name) for name in _OF_DPOP if name in values}
    if of_dpop:
        values["dpop"] = _dpop(of_dpop)
    of_certificates = {name: values.pop(name) for name in _OF_CERTIFICATES if name in values}
    if of_certificates:
        values["certificate_sources"] = certificate_sources_of(of_certificates)
    settings: Any = values
    options: MiddlewareOptions = settings
    return options


def issuer_from_env(
    prefix: str = "ASGI_JWKS_", *, environ: Mapping[str, str] | None = None
) -> TrustedIssuer:
    """The TrustedIssuer that the environment names, for one verifier with several of them.

    Raises:
        ConfigurationError: as `settings_from_env`; also for variables that say how a request is
            answered, since that is not an issuer's to say.
    """
    settings: Any = settings_from_env(prefix, environ=environ)
    misplaced = [name for name in _OF_MIDDLEWARE if name in settings]
    if misplaced:
        raise ConfigurationError(
            f"{prefix}{misplaced[0].upper()} is not about an issuer; give {misplaced[0]} to "
            "JWTBearerMiddleware."
        )
    return TrustedIssuer(**settings)


def _dpop(options: Mapping[str, Any]) -> DPoP:
    given = {name.removeprefix("dpop_"): value for name, value in options.items()}
    secrets, period = given.pop("nonce_secrets", None), given.pop("nonce_period", 60.0)
    nonces = None if secrets is None else DPoPNonces(secrets, period)
    store = redis_store_of(
        given.pop("redis_url", None),
        survives_restarts=given.pop("redis_survives_restarts", False),
    )
    return DPoP(**given, nonces=nonces, replay_store=store)


class _Variables:
    """The variables of one prefix, each remembered by the option that it sets."""

    def __init__(self, prefix: str, environ: Mapping[str, str]) -> None:
        self._prefix: Final = prefix
        self._environ: Final = environ
        self._names: Final = {name: f"{prefix}{name.upper()}" for name in _PARSERS}

    def read(self) -> dict[str, Any]:
        """All options that are set, each checked."""
        self._refuse_unknown()
        # An empty variable is how deployments say that there is none.
        texts = {n: v for n, name in self._names.items() if (v := self._environ.get(name, ""))}
        if "issuer" not in texts:
            self._add_auth0(texts)
        values = {name: self._told(name, _PARSERS[name], text) for name, text in texts.items()}
        self._require_issuer_and_audience(values)
        self._require_origin(values)
        self._require_certificate_sources(values)
        for name in values:
            self._told(name, _check, name, values)
        return values

    def _told(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function whose errors are told by the name of a variable."""
        try:
            return function(*arguments)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self._names[name]}: {error}") from None

    def _require_issuer_and_audience(self, values: Mapping[str, Any]) -> None:
        needed = ["issuer"] if values.get("insecure_no_audience") else ["issuer", "audience"]
        for name in needed:
            if name not in values:
                raise ConfigurationError(
                    f"{self._names[name]} is not set. Set {self._prefix}ISSUER and "
                    f"{self._prefix}AUDIENCE, or AUTH0_DOMAIN and AUTH0_AUDIENCE."
                )

    def _require_origin(self, values: Mapping[str, Any]) -> None:
        given = [name for name in _OF_DPOP if name in values]
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
        given = [name for name in _OF_CERTIFICATES if name in values]
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
            if name.startswith(self._prefix) and name not in self._names.values():
                close = get_close_matches(name.removeprefix(self._prefix), VARIABLES, n=1)
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
        domain = self._environ.get("AUTH0_DOMAIN", "")
        if not domain:
            return
        if "/" in domain or ":" in domain:
            raise ConfigurationError(
                f"AUTH0_DOMAIN is the domain alone, without https:// and slashes, such as "
                f"example.eu.auth0.com; got {domain!r}."
            )
        texts["issuer"] = f"https://{domain}/"
        self._names["issuer"] = "AUTH0_DOMAIN"
        audience = self._environ.get("AUTH0_AUDIENCE", "")
        if audience and texts.setdefault("audience", audience) != audience:
            raise ConfigurationError(
                f"{self._prefix}AUDIENCE and AUTH0_AUDIENCE are both set, and differ. Set one."
            )
        if audience:
            self._names["audience"] = "AUTH0_AUDIENCE"


def _check(name: str, values: Mapping[str, Any]) -> None:
    """Check one value where it belongs, with nothing else that could be wrong."""
    option: dict[str, Any] = {name: values[name]}
    context: dict[str, Any] = {**_SOME_ISSUER}
    if name == "snapshot":
        return  # a RemoteJWKSet would read the file
    if name in _OF_DPOP:
        some = {"dpop_public_origin": _SOME_ORIGIN, "dpop_nonce_secrets": _SOME_SECRET}
        _dpop({**some, **option})
        return
    if name in _OF_CERTIFICATES:
        check_certificate_variable(name, values[name])
        return
    if name in _OF_KEYS:
        RemoteJWKSet(_SOME_KEYS, **option)
        return
    if name in _OF_MIDDLEWARE:
        JWTBearerMiddleware.configured(**{**context, "jwks_uri": _SOME_KEYS, **option})
        return
    if name == "insecure_no_audience":
        if values[name] and "audience" in values:
            raise ConfigurationError("it cannot be true where an audience is named. Set one.")
        return  # a TrustedIssuer would warn of it, which the one that is made will do
    # The form of an issuer's URL depends on whether keys are discovered from it, and on this.
    if "jwks_uri" in values:
        context["jwks_uri"] = _SOME_KEYS
    if values.get("allow_insecure_http"):
        context["allow_insecure_http"] = True
    TrustedIssuer(**{**context, **option})
