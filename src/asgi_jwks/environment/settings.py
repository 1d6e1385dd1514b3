"""The settings of an entry point, and of one issuer, from the environment."""

import os
from collections.abc import Mapping
from typing import Any

from asgi_jwks._options import require_text
from asgi_jwks.asgi.middleware import MiddlewareOptions
from asgi_jwks.environment.binding import certificate_sources_of, dpop_of
from asgi_jwks.environment.options import OF_CERTIFICATES, OF_DPOP, OF_KEYS, OF_MIDDLEWARE
from asgi_jwks.environment.variables import Variables
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.trusted_issuer import TrustedIssuer

__all__ = ["issuer_from_env", "settings_from_env"]


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
    require_text("prefix", prefix, example="ASGI_JWKS_")
    if environ is not None and not (
        isinstance(environ, Mapping)
        and all(isinstance(text, str) for pair in environ.items() for text in pair)
    ):
        raise ConfigurationError(
            f"environ must be a mapping of variables to texts; got {environ!r}. Leave it out to "
            "read those of the process."
        )
    values = Variables(prefix, os.environ if environ is None else environ).read()
    of_keys = {name: values.pop(name) for name in OF_KEYS if name in values}
    if of_keys:
        # The issuer's own options cannot say these: they are the key set's.
        values["keys"] = RemoteJWKSet(
            values.pop("jwks_uri", None),
            issuer=values["issuer"],
            allow_insecure_http=values.pop("allow_insecure_http", False),
            **of_keys,
        )
    of_dpop = {name: values.pop(name) for name in OF_DPOP if name in values}
    if of_dpop:
        values["dpop"] = dpop_of(of_dpop)
    of_certificates = {name: values.pop(name) for name in OF_CERTIFICATES if name in values}
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
    misplaced = [name for name in OF_MIDDLEWARE if name in settings]
    if misplaced:
        raise ConfigurationError(
            f"{prefix}{misplaced[0].upper()} is not about an issuer; give {misplaced[0]} to "
            "JWTBearerMiddleware."
        )
    return TrustedIssuer(**settings)
