"""`docs/reference.md`, written from the code: options, variables, reasons, public names.

uv run python -m tests.support.reference
"""

import inspect
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import asgi_jwks
from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, Reason, RemoteJWKSet, errors
from asgi_jwks.asgi.authentication import Authentication
from asgi_jwks.asgi.authentication_options import AuthenticationOptions
from asgi_jwks.asgi.authorization import Authorization, AuthorizationOptions
from asgi_jwks.asgi.middleware import MiddlewareOptions
from asgi_jwks.cli.arguments import meanings_of
from asgi_jwks.cli.option_meanings import stated
from asgi_jwks.environment import VARIABLES
from asgi_jwks.trusted_issuer import DEFAULTS, IssuerOptions, PresetOptions

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"

LOGGERS = {
    "asgi_jwks.keys": "the key sets: refreshed, failed, stale, expired, starting without keys",
    "asgi_jwks.requests": "refusals, a line per cause and interval; failing listeners",
    "asgi_jwks.tokens": "grants that cannot be read, resolvers, unchecked audiences",
    "asgi_jwks.binding": "DPoP: a store of used proofs that fails, a clock that was set back",
    "asgi_jwks.caching": "a refresh that ended in an unexpected way",
}


TEMPLATE = """\
# Reference

Written from the code by `uv run python -m tests.support.reference`; a test holds it true.
Durations are seconds. A wrong option is a `ConfigurationError` where it is given.

## Options of an issuer

For `TrustedIssuer(...)`, or given to `JWTBearerMiddleware(app, ...)`, `JWTBearer(...)` of FastAPI
and `AccessTokenVerifier(...)` directly where one issuer is trusted.

{issuer}

## Options of `JWTBearerMiddleware`

`JWTBearer(...)` takes them too, but for the last four.

{middleware}

## Options of `RemoteJWKSet`

{remote}

## Options of `AccessTokenVerifier`

{verifier}

## Variables of the environment

`settings_from_env()` reads these, each after `ASGI_JWKS_`; lists are separated by spaces or commas.
`AUTH0_DOMAIN` and `AUTH0_AUDIENCE` serve where no issuer is named.

{variables}

## Reasons

`Reason` says in exceptions, in `on_refused` and in the debug log which rule was broken. The phrase
is all that a client is told.

| reason | phrase |
|---|---|
{reasons}

## Errors

```text
{errors}
```

## Loggers

| logger | lines |
|---|---|
{loggers}

## Public names

Of `asgi_jwks`; all that is not named here, in `asgi_jwks.events`, `.providers`, `.integrations` or
`.testing` may move.

{names}
"""


def defaults(function: Any) -> dict[str, object]:
    """The defaults of a signature; Ellipsis where there is none."""
    return {
        name: ... if parameter.default is inspect.Parameter.empty else parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
    }


def table(meanings: Mapping[str, str], values: Mapping[str, object]) -> str:
    """A table of options, each with its default and its meaning."""
    rows = [
        f"| `{name}` | {_shown(values.get(name, ...))} | {meaning} |"
        for name, meaning in meanings.items()
    ]
    return "\n".join(["| option | default | meaning |", "|---|---|---|", *rows])


def _shown(value: object) -> str:
    if value is ...:
        return "required"
    if callable(value):
        return f"`{getattr(value, '__name__', type(value).__name__)}`"
    if isinstance(value, tuple) and value and not isinstance(value[0], str):
        return "the `Authorization` field"
    text = repr(value)
    return f"`{text}`" if len(text) < 24 else "the default one"


def page() -> str:
    """The text of the page."""
    of_middleware = {
        **stated(AuthenticationOptions),
        **stated(AuthorizationOptions),
        **stated(MiddlewareOptions),
    }
    middleware_defaults = {
        **defaults(Authentication),
        **defaults(Authorization),
        **defaults(JWTBearerMiddleware),
        "verifier": None,
    }
    verifier = {n: m for n, m in meanings_of(AccessTokenVerifier).items() if "issuer" not in n}
    return TEMPLATE.format(
        issuer=table({**stated(IssuerOptions), **stated(PresetOptions)}, DEFAULTS),
        middleware=table(of_middleware, middleware_defaults),
        remote=table(meanings_of(RemoteJWKSet), defaults(RemoteJWKSet)),
        verifier=table(verifier, defaults(AccessTokenVerifier)),
        variables=_names(VARIABLES),
        reasons="\n".join(f"| `{reason.value}` | {reason.phrase} |" for reason in Reason),
        errors=textwrap.dedent("    " + (errors.__doc__ or "").partition("\n\n    ")[2]).rstrip(),
        loggers="\n".join(f"| `{name}` | {lines} |" for name, lines in LOGGERS.items()),
        names=_names(asgi_jwks.__all__),
    )


def _names(names: Iterable[str]) -> str:
    return textwrap.fill(", ".join(f"`{name}`" for name in names), 100, break_on_hyphens=False)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
