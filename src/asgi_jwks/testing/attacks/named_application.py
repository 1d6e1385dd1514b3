"""The application that a command line names, `module:app`, and the target that it is.

`app` is one of two things:

- an ASGI application with a JWTBearerMiddleware, or with a JWTBearer dependency of FastAPI. While
  an attack runs, a mock issuer stands in for the first issuer that it trusts, under the same name.
- a function that takes a MockIssuer and returns an application that trusts it.
"""

import inspect
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from starlette.types import ASGIApp

from asgi_jwks.testing.attacks.attack import Target
from asgi_jwks.testing.attacks.own_middleware import public_origin_of, stand_in, verifier_of
from asgi_jwks.testing.attacks.run import AttackRunError, target_for
from asgi_jwks.testing.provider.mock_issuer import MockIssuer

__all__ = ["AttackedApplication", "attacked_application", "is_application", "named_object"]


class AttackedApplication(NamedTuple):
    """The application, its target, and a block in which it trusts the mock issuer."""

    app: ASGIApp
    target: Target
    trusting: Callable[[], AbstractContextManager[object]]


def attacked_application(
    name: str, *, path: str = "/", method: str = "GET", scopes: str = ""
) -> AttackedApplication:
    """The application of this name, ready to be attacked.

    Args:
        name: `module:app`.
        path: a path that needs a token.
        method: the method to ask for it with.
        scopes: the scopes that it needs, separated by spaces.

    Raises:
        AttackRunError: it is not found, or is not such an application.
    """
    claims = {"scope": scopes} if scopes else {}
    named = named_object(name)
    if is_application(named):
        replaced = stand_in(verifier_of(named), path=path, method=method, claims=claims)
        return AttackedApplication(named, replaced.target, replaced.trusted)
    if not _is_called_with(named, "issuer"):
        raise AttackRunError(
            f"{name} is {_kind_of(named)}; write the name of an ASGI application, or of "
            "a function that takes a MockIssuer and returns one."
        )
    target = target_for(MockIssuer(), path=path, method=method, claims=claims)
    try:
        app = named(target.issuer)
    # The function is the user's: whatever it raises is one sentence, and the cause is chained.
    except (Exception, SystemExit) as error:
        raise AttackRunError(f"{name}(MockIssuer()) raised {_in_one_line(error)}.") from error
    if not is_application(app):
        raise AttackRunError(
            f"{name}(MockIssuer()) returned {_kind_of(app)}; let it return an ASGI application."
        )
    with suppress(AttackRunError):
        # Proofs name the address of the application, which it may take for itself.
        target = replace(target, public_origin=public_origin_of(verifier_of(app)))
    return AttackedApplication(app, target, nullcontext)


def named_object(name: str) -> Any:
    """The object behind `module:attribute`, found as servers find it.

    That is from the current directory and on the path.

    Raises:
        AttackRunError: it is not found.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise AttackRunError(f"write module:app, not {name!r}.")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module_name)
    # A module of the user's may raise anything while it is imported; a script may exit.
    except (Exception, SystemExit) as error:
        raise AttackRunError(
            f"{module_name} cannot be imported from {here}: {_in_one_line(error)}"
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise AttackRunError(
                f"{module_name} has no {attribute}; write the name of the application in that "
                "module."
            )
        found = getattr(found, part)
    return found


def is_application(value: Any) -> bool:
    """Whether this looks like an ASGI application, and not like a function that returns one."""
    if not _is_called_with(value, "scope", "receive", "send"):
        return False
    # A function of an issuer may have more arguments, with defaults; then it is not a coroutine's.
    return (
        not _is_called_with(value, "issuer")
        or inspect.iscoroutinefunction(value)
        or inspect.iscoroutinefunction(type(value).__call__)
    )


def _is_called_with(value: Any, *arguments: str) -> bool:
    """Whether a call with so many positional arguments fits."""
    if not callable(value):
        return False
    try:
        inspect.signature(value).bind(*arguments)
    except (TypeError, ValueError):
        return False
    return True


def _in_one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _kind_of(value: Any) -> str:
    kind = type(value).__name__
    return f"a {kind} that takes other arguments" if callable(value) else f"of type {kind}"
