"""`pytest --asgi-jwks-attack module:app`: the attack corpus as tests of somebody's application.

What lives only here: the options, and one pytest item for each attack. What it does not know: how
attacks are carried out. Like the plugin that imports it, it costs nothing until it is asked for.

    pytest --asgi-jwks-attack my_api.main:app --asgi-jwks-attack-path /messages

`app` is an ASGI application with a JWTBearerMiddleware, whose first trusted issuer is replaced by a
mock issuer of the same name for the time of the run; or a function that takes a MockIssuer and
returns an application that trusts it.
"""

import inspect
import sys
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from asgi_jwks.testing.attacks.attack import Attack, Target

__all__ = ["add_attack_items", "add_attack_options"]

OPTION: Final = "--asgi-jwks-attack"


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


def add_attack_items(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add an item for each attack; to be called from `pytest_collection_modifyitems`."""
    name = session.config.getoption(OPTION)
    if name is None:
        return
    from asgi_jwks.testing.attacks.corpus import ATTACKS

    siege = _Siege(
        name,
        path=session.config.getoption(f"{OPTION}-path"),
        method=session.config.getoption(f"{OPTION}-method"),
        scopes=session.config.getoption(f"{OPTION}-scopes"),
    )
    items.extend(
        _AttackItem.from_parent(session, name=attack.name, attack=attack, siege=siege)
        for attack in ATTACKS.values()
    )


class _Siege:
    """The application, imported once for all attacks, and the target in it."""

    def __init__(self, name: str, *, path: str, method: str, scopes: str) -> None:
        self._name: Final = name
        self._path: Final = path
        self._method: Final = method
        self._claims: Final = {"scope": scopes} if scopes else {}
        self._laid: tuple[ASGIApp, Target] | None = None

    def lay(self, session: pytest.Session) -> "tuple[ASGIApp, Target]":
        """The application and the target; both are made when the first attack asks for them."""
        if self._laid is None:
            import anyio

            from asgi_jwks.testing.attacks.run import require_good_token

            stack = ExitStack()
            app, target = self._prepare(_named(self._name), stack)
            session.addfinalizer(stack.close)
            anyio.run(require_good_token, app, target)
            self._laid = app, target
        return self._laid

    def _prepare(self, named: Any, stack: ExitStack) -> "tuple[ASGIApp, Target]":
        from asgi_jwks.testing.attacks.own_middleware import guard_of, trusting
        from asgi_jwks.testing.attacks.run import target_for
        from asgi_jwks.testing.provider.mock_issuer import MockIssuer

        if inspect.isfunction(named) and len(inspect.signature(named).parameters) == 1:
            issuer = MockIssuer()
            target = target_for(issuer, path=self._path, method=self._method, claims=self._claims)
            return named(issuer), target
        trusted = trusting(
            guard_of(named), path=self._path, method=self._method, claims=self._claims
        )
        return named, stack.enter_context(trusted)


class _AttackItem(pytest.Item):
    """One attack; it passes when the application refuses the request."""

    def __init__(self, *, attack: "Attack", siege: _Siege, **node: Any) -> None:
        super().__init__(**node)
        self._attack: Final = attack
        self._siege: Final = siege

    def runtest(self) -> None:
        import anyio

        from asgi_jwks.testing.attacks.run import carry_out

        app, target = self._siege.lay(self.session)
        outcome = anyio.run(carry_out, app, self._attack, target)
        if not outcome.refused:
            pytest.fail(f"got through: {outcome}", pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.config.rootpath, None, f"attack: {self.name}"


def _named(name: str) -> Any:
    """What `module:attribute` names, found as servers find it: from the current directory too."""
    module, _, attribute = name.partition(":")
    if not attribute:
        raise pytest.UsageError(f"{OPTION}: write module:app, not {name!r}")
    sys.path.insert(0, str(Path.cwd()))
    found: Any = import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found
