"""Configuration from the environment, as it is deployed.

What lives only here: the names of the variables, and how their texts become values. What it does
not know: what the options mean. Each value is given to what it configures, one at a time, so that
a mistake can be told by the name of its variable.

    ASGI_JWKS_ISSUER=https://example.eu.auth0.com/
    ASGI_JWKS_AUDIENCE=https://api.example.com

    app = JWTBearerMiddleware(app, **settings_from_env())

An Auth0 application may be configured by AUTH0_DOMAIN and AUTH0_AUDIENCE instead, as Auth0's own
documentation names them; they are looked at where no issuer is named.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypedDict, cast

from asgi_jwks.asgi.challenge import Challenges
from asgi_jwks.asgi.public_paths import PublicPaths
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.tokens.claim_rules import Profile
from asgi_jwks.trusted_issuer import TrustedIssuer

__all__ = ["VARIABLES", "IssuerSettings", "Settings", "issuer_from_env", "settings_from_env"]


class IssuerSettings(TypedDict, total=False):
    """What the environment may say of an issuer: options of TrustedIssuer."""

    issuer: str
    audience: tuple[str, ...]
    jwks_uri: str
    keys: RemoteJWKSet
    algorithms: tuple[str, ...]
    leeway: float
    profile: Profile
    audience_claim: str
    required_claims: tuple[str, ...]
    gateway_proves_binding: bool
    allow_insecure_http: bool


class Settings(IssuerSettings, total=False):
    """What the environment may say: options of JWTBearerMiddleware."""

    realm: str
    resource_metadata: str
    public_paths: tuple[str, ...]
    allow_anonymous: bool
    allow_unauthenticated_preflight: bool
    require_keys_at_startup: bool


def _text(text: str) -> str:
    return text


def _list(text: str) -> tuple[str, ...]:
    """Names separated by spaces or commas; neither occurs in one of them."""
    return tuple(text.replace(",", " ").split())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is no number. Write seconds, such as 5.") from None


def _yes_or_no(text: str) -> bool:
    answers = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in answers:
        raise ConfigurationError(f"{text!r} is neither true nor false. Write one of them.")
    return answers[text.lower()]


_ISSUER: Final[Mapping[str, Callable[[str], Any]]] = {
    "issuer": _text,
    "audience": _list,
    "jwks_uri": _text,
    "algorithms": _list,
    "leeway": _number,
    "profile": _text,
    "audience_claim": _text,
    "required_claims": _list,
    "gateway_proves_binding": _yes_or_no,
    "allow_insecure_http": _yes_or_no,
}
_KEYS: Final[Mapping[str, Callable[[str], Any]]] = {
    "max_age": _number,
    "max_stale": _number,
    "max_wait": _number,
    "timeout": _number,
    "snapshot": _text,
}
_ANSWERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "realm": _text,
    "resource_metadata": _text,
    "public_paths": _list,
    "allow_anonymous": _yes_or_no,
    "allow_unauthenticated_preflight": _yes_or_no,
    "require_keys_at_startup": _yes_or_no,
}
# Beyond doubt, for checking other options with.
_SOME_ISSUER: Final = "https://issuer.example/"
_SOME_KEYS: Final = "https://issuer.example/keys"

_PARSERS: Final = {**_ISSUER, **_KEYS, **_ANSWERS}

VARIABLES: Final = tuple(name.upper() for name in _PARSERS)
"""The names of all variables, without their prefix: the options of TrustedIssuer, RemoteJWKSet and
JWTBearerMiddleware in capitals. Lists are separated by spaces or commas; durations are seconds."""


def settings_from_env(
    prefix: str = "ASGI_JWKS_", *, environ: Mapping[str, str] | None = None
) -> Settings:
    """The options of JWTBearerMiddleware that the environment names.

    Args:
        prefix: what the names of all variables begin with; see VARIABLES.
        environ: the variables; those of the process unless given.

    Raises:
        ConfigurationError: no issuer or audience is named, a value is wrong, or a variable has the
            prefix and is none of those known. The message names the variable.
    """
    values = _Variables(prefix, os.environ if environ is None else environ).read()
    of_keys = {name: values.pop(name) for name in _KEYS if name in values}
    if of_keys:
        # The issuer's own options cannot say these: they are the key set's.
        values["keys"] = RemoteJWKSet(
            values.pop("jwks_uri", None),
            issuer=values["issuer"],
            allow_insecure_http=values.pop("allow_insecure_http", False),
            **of_keys,
        )
    return cast("Settings", values)


def issuer_from_env(
    prefix: str = "ASGI_JWKS_", *, environ: Mapping[str, str] | None = None
) -> TrustedIssuer:
    """The TrustedIssuer that the environment names, for one verifier with several of them.

    Raises:
        ConfigurationError: as `settings_from_env`; also for variables that say how a request is
            answered, since that is not an issuer's to say.
    """
    settings = settings_from_env(prefix, environ=environ)
    misplaced = [name for name in _ANSWERS if name in settings]
    if misplaced:
        raise ConfigurationError(
            f"{prefix}{misplaced[0].upper()} says nothing of an issuer; give {misplaced[0]} to "
            "JWTBearerMiddleware."
        )
    return TrustedIssuer(**cast("Any", settings))


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
        for name in ("issuer", "audience"):
            if name not in texts:
                raise ConfigurationError(
                    f"{self._names[name]} is not set. Set {self._prefix}ISSUER and "
                    f"{self._prefix}AUDIENCE, or AUTH0_DOMAIN and AUTH0_AUDIENCE."
                )
        values = {name: self._told(name, _PARSERS[name], text) for name, text in texts.items()}
        for name, value in values.items():
            self._told(name, partial(_check, name, values), value)
        return values

    def _told(self, name: str, read: Callable[[Any], Any], value: object) -> Any:
        try:
            return read(value)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self._names[name]}: {error}") from None

    def _refuse_unknown(self) -> None:
        for name in sorted(self._environ):
            if name.startswith(self._prefix) and name not in self._names.values():
                raise ConfigurationError(
                    f"{name} is no variable of asgi-jwks, and a misspelt one would go unnoticed. "
                    f"There are {', '.join(VARIABLES)}, each after {self._prefix}."
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


def _check(name: str, values: Mapping[str, Any], value: object) -> None:
    """Give one value to what it configures, with nothing else that could be wrong."""
    option: dict[str, Any] = {name: value}
    if name in {"realm", "resource_metadata"}:
        Challenges(**option)
    elif name == "public_paths":
        PublicPaths(values[name])
    elif name in _KEYS and name != "snapshot":
        RemoteJWKSet(_SOME_KEYS, **option)
    elif name in _ISSUER:
        # What an issuer's URL may be depends on whether keys are discovered from it, and on this.
        context: dict[str, Any] = {"issuer": _SOME_ISSUER, "audience": "api"}
        if "jwks_uri" in values:
            context["jwks_uri"] = _SOME_KEYS
        if values.get("allow_insecure_http"):
            context["allow_insecure_http"] = True
        TrustedIssuer(**{**context, **option})
