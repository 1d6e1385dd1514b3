"""`pytest --asgi-jwks-attack module:app`: the attack corpus as tests of an application.

    pytest --asgi-jwks-attack my_api.main:app --asgi-jwks-attack-path /messages

`app` is an ASGI application with a JWTBearerMiddleware, or with a JWTBearer dependency of FastAPI,
whose first trusted issuer is replaced by a mock issuer of the same name while an attack runs; or a
function that takes a MockIssuer and returns an application that trusts it.

Like the plugin that imports it, this module imports nothing until the option is given.
"""

import inspect
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from asgi_jwks.testing.attacks.attack import Attack, Target

__all__ = ["add_attack_items", "add_attack_options", "prepare_attacks"]

OPTION: Final = "--asgi-jwks-attack"


class _Attacked(NamedTuple):
    """The application, its target, and a block in which it trusts the mock issuer."""

    app: "ASGIApp"
    target: "Target"
    trusting: Callable[[], AbstractContextManager[object]]


_ATTACKED: Final = pytest.StashKey[_Attacked]()


def add_attack_options(parser: pytest.Parser) -> None:
    """Declare the options; to be called from `pytest_addoption`."""
    group = parser.getgroup("asgi-jwks", "attacks on an application that asgi-jwks protects")
    group.addoption(
        OPTION,
        metavar="MODULE:APP",
        default=None,
        help="an ASGI application, or a function of a MockIssuer that returns one",
    )
    group.addoption(
        f"{OPTION}-path", metavar="PATH", default="/", help="a path that needs a token ('/')"
    )
    group.addoption(
        f"{OPTION}-scopes", metavar="SCOPES", default="", help="the scopes that it needs (none)"
    )
    group.addoption(
        f"{OPTION}-method", metavar="METHOD", default="GET", help="how to ask for it ('GET')"
    )


def prepare_attacks(session: pytest.Session) -> None:
    """Find the application and see that it takes a good token; for `pytest_sessionstart`.

    Raises:
        pytest.UsageError: it is not found, or the attacks would prove nothing.
    """
    name = session.config.getoption(OPTION)
    if name is None:
        return
    import anyio

    from asgi_jwks.testing.attacks.run import AttackRunError, require_good_token

    try:
        attacked = _attacked(name, session.config)
        with attacked.trusting():
            anyio.run(require_good_token, attacked.app, attacked.target)
    except AttackRunError as error:
        options = ", ".join(f"{OPTION}-{option}" for option in ("path", "method", "scopes"))
        raise pytest.UsageError(f"{OPTION} {name}: {error} (The options: {options}.)") from error
    session.config.stash[_ATTACKED] = attacked


def add_attack_items(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add an item for each attack; to be called from `pytest_collection_modifyitems`."""
    if _ATTACKED not in session.config.stash:
        return
    from asgi_jwks.testing.attacks.corpus import ATTACKS

    items.extend(
        _AttackItem.from_parent(session, name=attack.name, attack=attack)
        for attack in ATTACKS.values()
    )


class _AttackItem(pytest.Item):
    """One attack; it passes when the application refuses the request."""

    def __init__(self, *, attack: "Attack", **node: Any) -> None:
        super().__init__(**node)
        self._attack: Final = attack

    def runtest(self) -> None:
        import anyio

        from asgi_jwks.testing.attacks.run import carry_out

        attacked = self.config.stash[_ATTACKED]
        with attacked.trusting():
            outcome = anyio.run(carry_out, attacked.app, self._attack, attacked.target)
        if not outcome.refused:
            pytest.fail(f"got through: {outcome}", pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.config.rootpath, None, f"attack: {self.name}"


def _attacked(name: str, config: pytest.Config) -> _Attacked:
    from asgi_jwks.testing.attacks.own_middleware import stand_in, verifier_of
    from asgi_jwks.testing.attacks.run import target_for
    from asgi_jwks.testing.provider.mock_issuer import MockIssuer

    path, method, scopes = (
        str(config.getoption(f"{OPTION}-{option}")) for option in ("path", "method", "scopes")
    )
    claims = {"scope": scopes} if scopes else {}
    named = _named(name)
    if _is_application(named):
        replaced = stand_in(verifier_of(named), path=path, method=method, claims=claims)
        return _Attacked(named, replaced.target, replaced.trusted)
    if not _is_called_with(named, "issuer"):
        raise pytest.UsageError(
            f"{OPTION}: {name} is {_kind_of(named)}; write the name of an ASGI application, or of "
            "a function that takes a MockIssuer and returns one"
        )
    target = target_for(MockIssuer(), path=path, method=method, claims=claims)
    try:
        app = named(target.issuer)
    # The function is the user's: whatever it raises is one sentence, and the cause is chained.
    except Exception as error:
        raise pytest.UsageError(
            f"{OPTION}: {name}(MockIssuer()) raised {_in_one_line(error)}"
        ) from error
    if not _is_application(app):
        raise pytest.UsageError(
            f"{OPTION}: {name}(MockIssuer()) returned {_kind_of(app)}; let it return an ASGI "
            "application"
        )
    return _Attacked(app, target, nullcontext)


def _named(name: str) -> Any:
    """The object behind `module:attribute`, found as servers find it: from here and on the path."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise pytest.UsageError(f"{OPTION}: write module:app, not {name!r}")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module_name)
    # A module of the user's may raise anything while it is imported.
    except Exception as error:
        raise pytest.UsageError(
            f"{OPTION}: {module_name} cannot be imported from {here}: {_in_one_line(error)}"
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise pytest.UsageError(
                f"{OPTION}: {module_name} has no {attribute}; write the name of the application "
                "in that module"
            )
        found = getattr(found, part)
    return found


def _is_application(value: Any) -> bool:
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


def _in_one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _kind_of(value: Any) -> str:
    kind = type(value).__name__
    return f"a {kind} that takes other arguments" if callable(value) else f"of type {kind}"
