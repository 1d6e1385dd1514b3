"""The meanings of options, read from where each of them is stated, for the help.

An option is stated once, in the source: below its type, or among the arguments of a docstring. A
shell has words of its own only for the few options that are made of a text.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final

from asgi_jwks.asgi.authentication_options import AuthenticationOptions
from asgi_jwks.asgi.authorization import AuthorizationOptions
from asgi_jwks.asgi.middleware import MiddlewareOptions
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.cli.arguments import meanings_of
from asgi_jwks.environment.options import PARSERS
from asgi_jwks.environment.parsers import names, number, true_or_false, whole_number
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.trusted_issuer import IssuerOptions, PresetOptions

__all__ = ["form_of", "meaning_of", "stated"]

_OF_TEXTS: Final[Mapping[str, str]] = {
    "dpop_nonce_secrets": "one secret of 32 random characters, or the new one and the old one",
    "dpop_nonce_period": "seconds after which the nonce changes (60)",
    "dpop_redis_url": "the store of used proofs, such as redis://redis.internal:6379/0",
    "dpop_redis_survives_restarts": "whether that Redis keeps its keys when it restarts",
    "certificate_sources": (
        "where the client's certificate is: tls, Client-Cert, X-Forwarded-Client-Cert, or a field "
        "and its encoding, such as X-Client-Cert:url"
    ),
    "certificate_trusted_proxies": "the addresses of the proxies that may write that field",
    "certificate_proxy_secret": "a field, and the secret that the proxy writes there: FIELD:SECRET",
    "requires": "the scopes that every request needs",
    "resource": "the URL of this API, whose metadata are served (RFC 9728)",
}
_FORMS: Final[Mapping[Callable[[str], Any], str]] = {
    names: "NAMES",
    number: "SECONDS",
    whole_number: "NUMBER",
    true_or_false: "true|false",
}


def meaning_of(option: str) -> str:
    """The meaning of an option of `environment`, as a sentence.

    It is empty where the source is not at hand.
    """
    text = _meanings().get(option, "")
    # A command line has no None: the option is left out.
    plain = text.replace("`", "").replace(". None", ". Leaving it out").rstrip(".")
    plain = re.sub(r"\bNone\b", "leaving it out", plain)
    return f"{plain[:1].upper()}{plain[1:]}." if plain else ""


def form_of(option: str) -> str:
    """The form of the text of an option, as a help shows it."""
    return _FORMS.get(PARSERS[option], "TEXT")


def stated(options: type) -> dict[str, str]:
    """The options of a TypedDict, each with the sentence below it.

    Raises:
        OSError: the source is not at hand.
    """
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(options))).body
    found: dict[str, str] = {}
    body = node.body if isinstance(node, ast.ClassDef) else []
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(sentence))),
            ):
                found[name] = " ".join(sentence.split())
            case _:
                pass
    return found


@cache
def _meanings() -> Mapping[str, str]:
    found = {
        **meanings_of(RemoteJWKSet),
        **{f"dpop_{name}": text for name, text in meanings_of(DPoP).items()},
    }
    for options in (
        AuthenticationOptions,
        AuthorizationOptions,
        MiddlewareOptions,
        PresetOptions,
        IssuerOptions,
    ):
        try:
            found |= stated(options)
        # A help without some of its words is better than none.
        except OSError:
            continue
    return {**found, **_OF_TEXTS}
