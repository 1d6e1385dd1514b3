"""The check of one variable's value, apart from those of all others."""

from collections.abc import Mapping
from typing import Any, Final

from asgi_jwks.asgi.middleware import JWTBearerMiddleware
from asgi_jwks.environment.binding import check_certificate_variable, dpop_of
from asgi_jwks.environment.options import OF_CERTIFICATES, OF_DPOP, OF_KEYS, OF_MIDDLEWARE
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.trusted_issuer import IssuerOptions, TrustedIssuer

__all__ = ["check_value"]

# Known to be right, for checking other options with.
_SOME_ISSUER: Final[IssuerOptions] = {"issuer": "https://issuer.example/", "audience": "api"}
_SOME_KEYS: Final = "https://issuer.example/keys"
_SOME_ORIGIN: Final = "https://api.example"
_SOME_SECRET: Final = ("J3mT8vQzX5rKp1Lc9WbYd7GhNs2FaEu6",)


def check_value(name: str, values: Mapping[str, Any]) -> None:
    """Check one value where it belongs, with nothing else that could be wrong.

    Raises:
        ConfigurationError: it is wrong.
    """
    option: dict[str, Any] = {name: values[name]}
    context: dict[str, Any] = {**_SOME_ISSUER}
    if name == "snapshot":
        return  # a RemoteJWKSet would read the file
    if name in OF_DPOP:
        some = {"dpop_public_origin": _SOME_ORIGIN, "dpop_nonce_secrets": _SOME_SECRET}
        dpop_of({**some, **option})
        return
    if name in OF_CERTIFICATES:
        check_certificate_variable(name, values[name])
        return
    if name in OF_KEYS:
        RemoteJWKSet(_SOME_KEYS, **option)
        return
    if name in OF_MIDDLEWARE:
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
