"""Checks of options by type, made where an option is given (requirement A11).

Each returns the value, or raises ConfigurationError with a sentence that says what to write.
"""

import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from inspect import iscoroutinefunction, signature
from typing import Final, TypeVar

from asgi_jwks.errors import ConfigurationError

__all__ = [
    "require_app",
    "require_bare",
    "require_callable",
    "require_clock",
    "require_duration",
    "require_flag",
    "require_known",
    "require_names",
    "require_text",
    "require_whole_number",
    "takes",
]

T = TypeVar("T")

_AROUND: Final = " \t\r\n\f\v'\"`,;"

# Words for our options in other libraries, in consoles of providers and in RFC 6749.
_OTHER_WORDS: Final = {
    "algs": "algorithms",
    "aud": "audience",
    "authority": "issuer",
    "auto_error": "allow_anonymous",
    "certs": "keys",
    "client_id": "audience",
    "clock_skew": "leeway",
    "cookie": "token_sources",
    "domain": "issuer",
    "exclude_paths": "public_paths",
    "excluded_paths": "public_paths",
    "exempt_paths": "public_paths",
    "header": "token_sources",
    "ignored_paths": "public_paths",
    "jwks_endpoint": "jwks_uri",
    "on_error": "on_refused",
    "optional": "allow_anonymous",
    "proxy": "http_client",
    "public_key": "keys",
    "required_scopes": "requires",
    "roles": "requires",
    "scope": "requires",
    "scopes": "requires",
    "secret": "keys",
    "secret_key": "keys",
    "skip_paths": "public_paths",
    "unprotected_paths": "public_paths",
    "whitelist": "public_paths",
}

# Options of RemoteJWKSet, which people look for where the issuer is named.
_OF_KEY_SETS: Final = frozenset(
    {"max_age", "max_stale", "max_wait", "refetch_burst", "refetch_interval", "snapshot", "timeout"}
)


def require_flag(option: str, value: object) -> bool:
    """True or False, and nothing that merely counts as one of them."""
    if isinstance(value, bool):
        return value
    raise ConfigurationError(f"{option} must be True or False; got {value!r}.")


def require_text(option: str, value: object, *, example: str) -> str:
    """A string that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise ConfigurationError(
        f"{option} must be a string that is not empty; got {value!r}. Write for example "
        f"{option}={example!r}."
    )


def require_bare(option: str, value: str) -> str:
    """A text without white space, quotes or a comma around it."""
    bare = value.strip(_AROUND)
    if value != bare:
        raise ConfigurationError(
            f"{option} has white space, quotes or a comma around it; got {value!r}. Write "
            f"{option}={bare!r}."
        )
    return value


def require_names(option: str, values: object, *, example: str) -> tuple[str, ...]:
    """Strings that are not empty, from one of them or from an iterable of them."""
    given: tuple[object, ...] = (values,)
    if isinstance(values, Iterable) and not isinstance(values, str | bytes):
        given = tuple(values)
    names = tuple(name for name in given if isinstance(name, str) and name)
    if len(names) == len(given):
        return names
    raise ConfigurationError(
        f"{option} must be a string or several, none of them empty; got {values!r}. Write for "
        f"example {option}=[{example!r}]."
    )


def require_duration(option: str, value: object, *, positive: bool = False) -> float:
    """A finite number of seconds, zero or more; with `positive`, more than zero."""
    # An int may be too large for isfinite; these comparisons are false for NaN as well.
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= sys.float_info.max
        and not (positive and value == 0)
    ):
        return float(value)
    least = "greater than zero" if positive else "zero or more"
    raise ConfigurationError(
        f"{option} must be a finite number of seconds, {least}; got {value!r}. "
        f"Write for example {option}=60."
    )


def require_whole_number(option: str, value: object, *, least: int = 0) -> int:
    """An integer of at least `least`."""
    if type(value) is int and value >= least:
        return value
    raise ConfigurationError(f"{option} must be a whole number, {least} or more; got {value!r}.")


def require_callable(option: str, value: T, *, form: str) -> T:
    """Something that can be called as `form` says."""
    if not callable(value):
        raise ConfigurationError(f"{option} must be a callable, `{form}`; got {value!r}.")
    if not takes(value, form.count(",") + 1):
        raise ConfigurationError(
            f"{option} is called as `{form}`, and {value!r} takes other arguments."
        )
    return value


def takes(value: Callable[..., object], count: int) -> bool:
    """Whether a callable takes so many arguments, as far as it says."""
    try:
        declared = signature(value, follow_wrapped=False)
    except (TypeError, ValueError):
        return True
    try:
        declared.bind(*range(count))
    except TypeError:
        return False
    return True


def require_app(app: T, *, write: str) -> T:
    """An ASGI 3 application, as far as one can see before it is called."""
    if not callable(app):
        raise ConfigurationError(f"app must be an ASGI application; got {app!r}. Write {write}.")
    # Starlette's endpoints are classes, whose instances are awaited.
    if isinstance(app, type) and not hasattr(app, "__await__"):
        raise ConfigurationError(
            f"app must be an ASGI application and not a class of them; got {app!r}. Write {write}."
        )
    if not takes(app, 3):
        raise ConfigurationError(
            f"app must be an ASGI application, `await app(scope, receive, send)`; {app!r} takes "
            "other arguments. Call a function that makes the application. Django has "
            "get_asgi_application(); Flask and others of WSGI go into an adapter first, such as "
            "asgiref.wsgi.WsgiToAsgi(app); aiohttp's server does not speak ASGI."
        )
    return app


def require_clock(clock: Callable[[], float]) -> Callable[[], float]:
    """A plain function that gives the time."""
    if callable(clock) and not isinstance(clock, type) and not iscoroutinefunction(clock):
        return clock
    raise ConfigurationError(
        f"clock must be a function that gives seconds, such as time.time; got {clock!r}."
    )


def require_known(options: Iterable[str], known: Iterable[str], *, owner: str) -> None:
    """Only options that there are: a misspelt one would go unnoticed."""
    names = list(known)
    for option in options:
        if option not in names:
            close = [name for name in names if name == _OTHER_WORDS.get(option)]
            close += get_close_matches(option, names, n=1)
            hint = f" Did you mean {close[0]}?" if close else f" There are {', '.join(names)}."
            if option in _OF_KEY_SETS and "keys" in names:
                hint = f" Write keys=RemoteJWKSet(issuer=..., {option}=...)."
            raise ConfigurationError(f"{owner} has no option {option}.{hint}")
