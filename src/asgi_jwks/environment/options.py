"""The options that variables can set, each with the parser of its text.

They follow from the types of the options: one that is added there is a variable as well.
"""

from collections.abc import Iterable, Mapping
from typing import Final, get_type_hints

from asgi_jwks.asgi.middleware import MiddlewareOptions
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.environment.parsers import Parser, names, parsers, text
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.trusted_issuer import IssuerOptions

__all__ = [
    "OF_CERTIFICATES",
    "OF_DPOP",
    "OF_ISSUER",
    "OF_KEYS",
    "OF_MIDDLEWARE",
    "PARSERS",
    "VARIABLES",
]

# Those that are required come first, also where all are listed.
OF_ISSUER: Final = parsers({"issuer": str, "audience": str, **get_type_hints(IssuerOptions)})
OF_MIDDLEWARE: Final = {
    name: parser
    for name, parser in parsers(get_type_hints(MiddlewareOptions)).items()
    if name not in OF_ISSUER
}
# A key set's options but for those that are the issuer's as well.
OF_KEYS: Final = {
    name: parser
    for name, parser in parsers(get_type_hints(RemoteJWKSet.__init__)).items()
    if name not in OF_ISSUER
}
# The options of DPoP; nonces are told by theirs.
OF_DPOP: Final = {
    f"dpop_{name}": parser
    for name, parser in parsers(
        {
            **get_type_hints(DPoP.__init__),
            "nonce_secrets": Iterable[str],
            "nonce_period": float,
            "redis_url": str,
            "redis_survives_restarts": bool,
        }
    ).items()
}
OF_CERTIFICATES: Final[Mapping[str, Parser]] = {
    "certificate_sources": names,
    "certificate_trusted_proxies": names,
    "certificate_proxy_secret": text,
}
PARSERS: Final = {**OF_ISSUER, **OF_DPOP, **OF_CERTIFICATES, **OF_KEYS, **OF_MIDDLEWARE}

VARIABLES: Final = tuple(name.upper() for name in PARSERS)
"""The names of all variables, without their prefix: the options of TrustedIssuer, RemoteJWKSet and
JWTBearerMiddleware in capitals, and those of DPoP after DPOP_. Lists are separated by spaces or
commas; durations are seconds."""
