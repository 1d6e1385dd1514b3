"""`pytest --asgi-jwks-attack module:app`: the attack corpus as tests of an application.

    pytest --asgi-jwks-attack my_api.main:app --asgi-jwks-attack-path /messages

`attacks/named_application` says which applications can be named so.

Like the plugin that imports it, this module imports nothing until the option is given.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from asgi_jwks.testing.attacks.attack import Attack
    from asgi_jwks.testing.attacks.named_application import AttackedApplication

__all__ = ["add_attack_items", "add_attack_options", "prepare_attacks"]

OPTION: Final = "--asgi-jwks-attack"


_ATTACKED: Final["pytest.StashKey[AttackedApplication]"] = pytest.StashKey()


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

    from asgi_jwks.testing.attacks.named_application import attacked_application
    from asgi_jwks.testing.attacks.run import AttackRunError, require_good_token

    path, method, scopes = (
        str(session.config.getoption(f"{OPTION}-{option}"))
        for option in ("path", "method", "scopes")
    )
    try:
        attacked = attacked_application(name, path=path, method=method, scopes=scopes)
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
    from asgi_jwks.testing.attacks.corpus import attacks_on

    items.extend(
        _AttackItem.from_parent(session, name=attack.name, attack=attack)
        for attack in attacks_on(session.config.stash[_ATTACKED].target)
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
