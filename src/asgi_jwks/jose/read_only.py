"""JSON objects and arrays that cannot be changed by accident.

What lives only here: `ReadOnlyDict` and `ReadOnlyList`. They are a real dict and a real list, so
`json.dumps`, `isinstance`, `==` and the encoders of web frameworks take them as they are; only
changing them in place is refused. Claims are shared between all requests that bring the same
token, and what one endpoint writes into them must not be read by another as signed.
What it does not know: where the values come from, and what they mean.
"""

import copy
from typing import Any, Final, NoReturn

__all__ = ["ReadOnlyDict", "ReadOnlyList", "private_copy"]

_REFUSAL: Final = "claims are read-only; copy them first, e.g. dict(claims)"


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise TypeError(_REFUSAL)


class ReadOnlyDict(dict[str, Any]):
    """A JSON object that refuses every change in place with TypeError.

    `copy()`, `copy.copy` and `|` give a plain dict of the same values; `copy.deepcopy` and pickle
    give plain dicts and lists all the way down.
    """

    __slots__ = ()

    __setitem__ = _refuse
    __delitem__ = _refuse
    __ior__ = _refuse
    clear = _refuse
    pop = _refuse
    popitem = _refuse
    setdefault = _refuse
    update = _refuse

    def copy(self) -> dict[str, Any]:
        """A plain dict of the same values."""
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {name: copy.deepcopy(value, memo) for name, value in self.items()}

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)

    def __reduce_ex__(self, protocol: object) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        # Without this, protocol 2 would ask dict for its items and write to a ReadOnlyDict.
        return self.__reduce__()


class ReadOnlyList(list[Any]):
    """A JSON array that refuses every change in place with TypeError.

    `copy()`, `copy.copy`, slices, `+` and `*` give a plain list of the same values;
    `copy.deepcopy` and pickle give plain lists and dicts all the way down.
    """

    __slots__ = ()

    __setitem__ = _refuse
    __delitem__ = _refuse
    __iadd__ = _refuse
    __imul__ = _refuse
    append = _refuse
    clear = _refuse
    extend = _refuse
    insert = _refuse
    pop = _refuse
    remove = _refuse
    reverse = _refuse
    sort = _refuse

    def copy(self) -> list[Any]:
        """A plain list of the same values."""
        return list(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(value, memo) for value in self]

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        return list, (list(self),)

    def __reduce_ex__(self, protocol: object) -> tuple[type[list[Any]], tuple[list[Any]]]:
        return self.__reduce__()


def private_copy(claims: ReadOnlyDict) -> ReadOnlyDict:
    """A copy that shares no container with the claims."""
    return ReadOnlyDict({name: _copied(value) for name, value in claims.items()})


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return ReadOnlyDict({name: _copied(member) for name, member in value.items()})
    return ReadOnlyList(map(_copied, value)) if isinstance(value, list) else value
